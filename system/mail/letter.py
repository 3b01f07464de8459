"""What one mail says: the letter that goes into the templates and the content that comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One recommended product as the recipient sees it."""

    name: str
    link: str
    price: Decimal
    alt: str
    """What the picture shows, for those who don't see it."""
    image_url: str | None = None
    because: str | None = None
    """Name of the earlier purchase that explains this product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything that the mail of one user says; the first card is shown largest."""

    subject: str
    brand: str
    user_name: str
    """May be empty; then nobody is addressed by name."""
    locale: str
    """As stored with the user, `de` or `pt_BR` or `pt-BR`: decides how prices are written."""
    currency: str
    """ISO 4217."""
    cards: tuple[Card, ...]
    shop_url: str
    unsubscribe_url: str
    postal_address: str
    preheader: str = ""
    """What the inbox shows behind the subject; empty names the first products."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the provider is given for one mail."""

    subject: str
    html: str
    text: str
    headers: dict[str, str]
