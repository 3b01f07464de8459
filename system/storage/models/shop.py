"""The shop: who can be mailed, what can be recommended, what was bought."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from system.storage.models.table import Base


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
    family: Mapped[str | None]  # variants of one thing share it, and a mail shows one of them; NULL: it has none
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


class ExcludedProduct(Base):
    """A product that one person must never be shown, whatever else is recommended."""

    __tablename__ = "excluded_products"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, index=True)
