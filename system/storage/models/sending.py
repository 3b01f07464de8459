"""Whether this database may send: a restored one may not until somebody has asked what it forgot, nor in a pause."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from system.storage.models.table import Base


class SendingEpoch(Base):
    """From one reconciliation with the provider to the next; the newest row counts."""

    __tablename__ = "sending_epochs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    database: Mapped[str]  # server's system identifier / this table's oid: a restored copy of the row has others
    opened_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    opened_by: Mapped[str]
    locked_at: Mapped[datetime | None]
    lock_reason: Mapped[str | None]

    __table_args__ = (CheckConstraint("(locked_at IS NULL) = (lock_reason IS NULL)", name="lock_has_reason"),)


class SendingPause(Base):
    """Until when an account may send nothing because its provider said so; Redis knows it too, but may forget."""

    __tablename__ = "sending_pauses"

    account: Mapped[str] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
