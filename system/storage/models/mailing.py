"""Newsletters and their campaigns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from system.storage.models.table import Base, one_of

CAMPAIGN_STATES = ("dispatching", "running", "paused", "cancelled", "completed")


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
    challenger_version: Mapped[str | None]  # the model that is tried on a share of the people
    challenger_share: Mapped[float | None]
    shadow_version: Mapped[str | None]  # the model that scores beside, and is never mailed
    # What it recommends: system/storage/shelves.py.
    price_min: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    price_max: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    excluded_categories: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    excluded_product_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    per_category: Mapped[int] = mapped_column(SmallInteger, server_default="3")
    cool_down_weeks: Mapped[int] = mapped_column(SmallInteger, server_default="4")
    buy_again: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        CheckConstraint(
            "(challenger_version IS NULL) = (challenger_share IS NULL) AND challenger_share > 0"
            " AND challenger_share < 1",
            name="challenger",
        ),
        CheckConstraint(
            "coalesce(price_min, 0) >= 0 AND coalesce(price_min, 0) <= coalesce(price_max, 'Infinity')",
            name="price_band",
        ),
        # One NULL in a list would exclude everything: nothing is known to differ from it.
        CheckConstraint(
            "array_position(excluded_categories, NULL) IS NULL AND array_position(excluded_product_ids, NULL) IS NULL",
            name="excluded_is_known",
        ),
        CheckConstraint("per_category BETWEEN 1 AND 5", name="per_category"),
        CheckConstraint("cool_down_weeks BETWEEN 0 AND 52", name="cool_down_weeks"),
    )


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
    forgotten_at: Mapped[datetime | None]  # when its jobs, attempts, transitions and events were dropped
    model_version: Mapped[str | None]  # pinned when it was created, or by the first worker that found an active model
    challenger_version: Mapped[str | None]
    challenger_share: Mapped[float | None]
    shadow_version: Mapped[str | None]
    model_unusable_since: Mapped[datetime | None]  # when a worker first could not load the pinned model

    __table_args__ = (
        UniqueConstraint("newsletter_id", "week_key"),
        CheckConstraint(one_of("state", list(CAMPAIGN_STATES)), name="state"),
        CheckConstraint("state NOT IN ('paused', 'cancelled') OR state_reason IS NOT NULL", name="reason"),
        CheckConstraint(r"week_key ~ '^\d{4}-W\d{2}$'", name="week_key"),
        Index("ix_campaigns_open", "id", postgresql_where=text("completed_at IS NULL")),
    )
