"""The recommender's models, which of them was active when, and what a shadow would have recommended."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Integer, PrimaryKeyConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from system.storage.models.table import Base, one_of


class Model(Base):
    """A trained model; its file lies in the model folder under its version, and never changes."""

    __tablename__ = "models"

    version: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]  # of the whole file, as `sha256sum` prints it
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    trained_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    card: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (CheckConstraint("version ~ '^[0-9A-Za-z][0-9A-Za-z._-]*$'", name="version"),)  # a file's name


class ModelActivation(Base):
    """The newest row names the active model; rows are only added."""

    __tablename__ = "model_activations"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    version: Mapped[str] = mapped_column(ForeignKey("models.version"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    action: Mapped[str]
    forced_reason: Mapped[str | None]  # why a model was activated that the gate refused

    __table_args__ = (CheckConstraint(one_of("action", ["activated", "rolled back"]), name="action"),)


class ShadowBatch(Base):
    """A shadow's answers for one batch beside those that were mailed; nobody is named."""

    __tablename__ = "shadow_batches"

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str]
    first_job_id: Mapped[int] = mapped_column(BigInteger)
    last_job_id: Mapped[int] = mapped_column(BigInteger)
    users: Mapped[int] = mapped_column(Integer)
    mean_overlap: Mapped[float]  # of the mailed products, the share that the shadow names too
    same_first: Mapped[int] = mapped_column(Integer)
    products: Mapped[int] = mapped_column(Integer)  # different ones that the shadow named
    mailed_products: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (PrimaryKeyConstraint("campaign_id", "version", "first_job_id", "last_job_id"),)
