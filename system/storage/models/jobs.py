"""Jobs with their attempts and transitions."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from system.states import REASONED, JobState
from system.storage.models.table import PARTITION_BY_CAMPAIGN, Base, one_of

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
        CheckConstraint(one_of("status", list(JobState)), name="status"),
        CheckConstraint(f"NOT ({one_of('status', list(REASONED))}) OR reason IS NOT NULL", name="reason"),
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
