"""The tables. Jobs, attempts, transitions and events are partitioned by campaign, so that an old week
is dropped in an instant and never deleted row by row.
"""

from __future__ import annotations

import uuid  # noqa: TC003  # SQLAlchemy reads the annotations at run time
from datetime import datetime  # same
from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from system.states import REASONED, EventKind, JobState

PARTITION_BY_CAMPAIGN = {"postgresql_partition_by": "LIST (campaign_id)"}

CAMPAIGN_STATES = ("dispatching", "running", "paused", "cancelled", "completed")


def _one_of(column: str, values: list[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return f"{column} IN ({listed})"


class Base(DeclarativeBase):
    """Names of constraints are fixed, so that migrations and error messages can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text}  # noqa: RUF012  # SQLAlchemy's own hook


class User(Base):
    """A customer; `suppressed_at` set means that no mail may ever go out."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str | None]
    name: Mapped[str] = mapped_column(server_default="")
    locale: Mapped[str] = mapped_column(server_default="en")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    suppressed_reason: Mapped[str | None]
    suppressed_at: Mapped[datetime | None]
    last_recos_sent: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("(suppressed_at IS NULL) = (suppressed_reason IS NULL)", name="suppression_has_reason"),
    )


class Product(Base):
    """Something that can be recommended while it is in stock."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(server_default="")
    price: Mapped[float] = mapped_column(Numeric(12, 2))
    image_url: Mapped[str | None]
    in_stock: Mapped[bool] = mapped_column(server_default=text("true"))
    embedding: Mapped[list[float] | None] = mapped_column(ARRAY(REAL))

    __table_args__ = (CheckConstraint("price >= 0", name="price_not_negative"),)


class Order(Base):
    """One product in one purchase."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    # The history query reads a user's newest orders with their products from the index alone.
    __table_args__ = (
        Index("ix_orders_user_id_created_at", "user_id", text("created_at DESC"), postgresql_include=["product_id"]),
    )


class Newsletter(Base):
    """A tenant's weekly mailing; the record that RedBeat's schedule is synced from."""

    __tablename__ = "newsletters"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str]
    template: Mapped[str] = mapped_column(server_default="weekly")
    audience: Mapped[str] = mapped_column(server_default="all")  # `all`, or a locale such as `en`
    sending_account: Mapped[str] = mapped_column(server_default="default")
    cron: Mapped[str] = mapped_column(server_default="0 9 * * 1")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    scheduled_since: Mapped[datetime] = mapped_column(server_default=func.now())  # ticks before this don't count


class Campaign(Base):
    """One newsletter in one week: exactly one row, whoever triggers it."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    newsletter_id: Mapped[int] = mapped_column(ForeignKey("newsletters.id"))
    week_key: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="dispatching")
    state_reason: Mapped[str | None]
    triggered_by: Mapped[str] = mapped_column(server_default="schedule")
    dispatch_cursor: Mapped[int] = mapped_column(BigInteger, server_default="0")  # last user id that has its job
    dispatch_touched_at: Mapped[datetime] = mapped_column(server_default=func.now())  # when the last page was written
    audience_end: Mapped[int] = mapped_column(BigInteger)  # highest user id when the audience was frozen
    jobs_total: Mapped[int] = mapped_column(Integer, server_default="0")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))  # by state, at completion
    rejection_streak: Mapped[int] = mapped_column(Integer, server_default="0")
    rejection_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    dispatched_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("newsletter_id", "week_key"),
        CheckConstraint(_one_of("state", list(CAMPAIGN_STATES)), name="state"),
        CheckConstraint("state NOT IN ('paused', 'cancelled') OR state_reason IS NOT NULL", name="reason"),
        CheckConstraint(r"week_key ~ '^\d{4}-W\d{2}$'", name="week_key"),
        Index("ix_campaigns_open", "id", postgresql_where=text("completed_at IS NULL")),
    )


JOB_IDS = Sequence("email_job_ids", metadata=Base.metadata)


class EmailJob(Base):
    """One user in one campaign: the unit that is sent at most once.

    No foreign keys: erasing a person must not erase the account of a campaign, and attaching a partition
    with one would lock `campaigns` while other campaigns run.
    """

    __tablename__ = "email_jobs"

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    id: Mapped[int] = mapped_column(BigInteger, JOB_IDS, server_default=JOB_IDS.next_value())
    user_id: Mapped[int] = mapped_column(BigInteger)
    week_key: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    reason: Mapped[str | None]
    product_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    because_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))  # 0 where nothing explains the product
    model_version: Mapped[str | None]
    sendgrid_msg_id: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    attempt_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    claim_token: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    accepted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]

    __table_args__ = (
        PrimaryKeyConstraint("campaign_id", "id"),
        UniqueConstraint("campaign_id", "user_id"),
        CheckConstraint(_one_of("status", list(JobState)), name="status"),
        CheckConstraint(f"NOT ({_one_of('status', list(REASONED))}) OR reason IS NOT NULL", name="reason"),
        CheckConstraint("(status IN ('claimed', 'sending')) = (claim_token IS NOT NULL)", name="claim"),
        # The claim: due jobs of a range, in id order, and nothing else in the index.
        Index("ix_email_jobs_ready", "campaign_id", "id", postgresql_where=text("status = 'ready'")),
        # The sweep: everything unfinished, a handful of rows once a campaign is done.
        Index(
            "ix_email_jobs_in_work",
            "campaign_id",
            "status",
            "updated_at",
            postgresql_where=text("status IN ('pending', 'ready', 'claimed', 'sending', 'unknown')"),
        ),
        PARTITION_BY_CAMPAIGN,
    )


class SendAttempt(Base):
    """One try to hand one job to the provider; the row is committed before the first byte leaves."""

    __tablename__ = "send_attempts"

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    id: Mapped[uuid.UUID] = mapped_column(Uuid)
    job_id: Mapped[int] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    worker: Mapped[str]
    content_hash: Mapped[str]
    intent_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    detail: Mapped[str | None]
    sendgrid_msg_id: Mapped[str | None]

    __table_args__ = (
        PrimaryKeyConstraint("campaign_id", "id"),
        UniqueConstraint("campaign_id", "job_id", "attempt"),
        CheckConstraint(
            "outcome IN ('accepted', 'refused', 'rejected', 'ambiguous', 'released', 'lapsed')", name="outcome"
        ),
        PARTITION_BY_CAMPAIGN,
    )


class JobTransition(Base):
    """What happened to a job, in order; written by the statement that moved it."""

    __tablename__ = "job_transitions"

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    id: Mapped[int] = mapped_column(
        BigInteger,
        Sequence("job_transition_ids", metadata=Base.metadata),
        server_default=text("nextval('job_transition_ids')"),
    )
    job_id: Mapped[int] = mapped_column(BigInteger)
    happening: Mapped[str]
    from_status: Mapped[str]
    to_status: Mapped[str]
    attempt_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        PrimaryKeyConstraint("campaign_id", "id"),
        Index("ix_job_transitions_job", "campaign_id", "job_id"),
        PARTITION_BY_CAMPAIGN,
    )


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
        CheckConstraint(_one_of("kind", list(EventKind)), name="kind"),
        Index("ix_email_events_job", "campaign_id", "job_id"),
        PARTITION_BY_CAMPAIGN,
    )


PARTITIONED = (EmailJob, SendAttempt, JobTransition, EmailEvent)
