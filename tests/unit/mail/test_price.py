"""How prices are written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from system.mail.price import price_text

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("locale", "currency", "written"),
    [
        ("en", "GBP", "£1,234.50"),
        ("en_GB", "GBP", "£1,234.50"),
        ("de", "EUR", "1.234,50\xa0€"),
        ("de-DE", "EUR", "1.234,50\xa0€"),
        ("pl", "PLN", "1\xa0234,50\xa0zł"),
        ("nl", "EUR", "€\xa01.234,50"),
    ],
)
def test_a_price_is_written_as_people_of_the_locale_write_it(locale: str, currency: str, written: str) -> None:
    assert price_text(Decimal("1234.50"), currency=currency, locale=locale) == written


def test_a_currency_without_cents_has_none() -> None:
    assert price_text(Decimal("1234.00"), currency="JPY", locale="en") == "¥1,234"


@pytest.mark.parametrize("locale", ["", "xx", "klingon", "en_GB_oxendict_x", "../../etc"])
def test_an_unknown_locale_is_written_the_english_way(locale: str) -> None:
    assert price_text(Decimal("9.5"), currency="GBP", locale=locale) == "£9.50"
