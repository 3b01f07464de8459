"""What the provider told us: posts as they came in, events as they were understood."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from system.states import EventKind
from system.storage.models.table import PARTITION_BY_CAMPAIGN, Base, one_of


class WebhookPost(Base):
    """One authentic webhook post, stored before it is answered and applied afterwards."""

    __tablename__ = "webhook_inbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # of timestamp and body: a replay is no new row
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    applied_at: Mapped[datetime | None]
    events_applied: Mapped[int | None]
    events_repeated: Mapped[int | None]
    events_foreign: Mapped[int | None]  # carry no attempt of ours, or are malformed

    __table_args__ = (Index("ix_webhook_inbox_waiting", "received_at", postgresql_where=text("applied_at IS NULL")),)


class EmailEvent(Base):
    """One webhook event of one of our attempts, once.

    The provider's `sg_event_id` has been seen to change on redelivery, so a second key made of
    message, event, timestamp, url and attempt guards as well.
    """

    __tablename__ = "email_events"

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    sg_event_id: Mapped[str]
    natural_key: Mapped[str]
    job_id: Mapped[int] = mapped_column(BigInteger)
    attempt_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    kind: Mapped[str]
    happened_at: Mapped[datetime]
    inbox_id: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    sg_message_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))

    __table_args__ = (
        PrimaryKeyConstraint("campaign_id", "sg_event_id"),
        UniqueConstraint("campaign_id", "natural_key"),
        CheckConstraint(one_of("kind", list(EventKind)), name="kind"),
        Index("ix_email_events_job", "campaign_id", "job_id"),
        PARTITION_BY_CAMPAIGN,
    )
