"""Prices as people of a locale write them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

if TYPE_CHECKING:
    from decimal import Decimal

FALLBACK_LOCALE = "en"
_KEPT_PRICES = 65_536  # a catalogue's prices in a few locales: about 10 MB


@lru_cache(maxsize=_KEPT_PRICES)
def price_text(price: Decimal, *, currency: str, locale: str) -> str:
    """`£1,234.50` or `1.234,50 €`; a locale that nobody knows is written the English way."""
    return format_currency(price, currency, locale=_known(locale))


@lru_cache(maxsize=1_024)
def _known(locale: str) -> Locale:
    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(FALLBACK_LOCALE)
