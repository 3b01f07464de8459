from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from system.imports.online_retail import COLUMNS, LeftOut, MalformedLineError, Purchase, find_columns, read_purchase

pytestmark = pytest.mark.unit

GOOD = {
    "Invoice": "489434",
    "StockCode": "85048",
    "Description": "15CM CHRISTMAS GLASS BALL 20 LIGHTS",
    "Quantity": "12",
    "InvoiceDate": "2009-12-01 07:45:00",
    "Price": "6.95",
    "Customer ID": "13085.0",
    "Country": "United Kingdom",
}


def test_a_sold_product_is_a_purchase() -> None:
    assert read_purchase(GOOD) == Purchase(
        customer_id=13085,
        locale="en",
        sku="85048",
        family="85048",
        name="15CM CHRISTMAS GLASS BALL 20 LIGHTS",
        price=Decimal("6.95"),
        bought_at=datetime(2009, 12, 1, 7, 45, tzinfo=UTC),
    )


def test_the_letters_of_a_code_tell_the_variants_of_one_family_apart() -> None:
    codes = [read_purchase({**GOOD, "StockCode": code}) for code in ("85123A", "85123b", "15056BL", "85123")]
    assert [(found.sku, found.family) for found in codes if isinstance(found, Purchase)] == [
        ("85123A", "85123"),
        ("85123B", "85123"),
        ("15056BL", "15056"),
        ("85123", "85123"),
    ]


def test_times_are_the_shop_s_own_in_summer_too() -> None:
    purchase = read_purchase({**GOOD, "InvoiceDate": "2010-07-01 09:00"})
    assert isinstance(purchase, Purchase)
    assert purchase.bought_at == datetime(2010, 7, 1, 8, 0, tzinfo=UTC)


def test_cells_of_a_workbook_are_taken_as_they_come() -> None:
    cells = {**GOOD, "Invoice": 489434, "StockCode": 85048, "Quantity": 12, "Price": 6.95, "Customer ID": 13085.0}
    assert read_purchase({**cells, "InvoiceDate": datetime(2009, 12, 1, 7, 45)}) == read_purchase(GOOD)  # noqa: DTZ001  # workbooks know no zones


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Invoice": "C489449", "Quantity": "-12"}, LeftOut.CANCELLED),
        ({"Invoice": "c489449"}, LeftOut.CANCELLED),
        ({"Customer ID": ""}, LeftOut.NO_CUSTOMER),
        ({"Customer ID": None}, LeftOut.NO_CUSTOMER),
        ({"StockCode": "POST"}, LeftOut.NO_PRODUCT),
        ({"StockCode": "M"}, LeftOut.NO_PRODUCT),
        ({"StockCode": "D"}, LeftOut.NO_PRODUCT),
        ({"StockCode": "TEST001"}, LeftOut.NO_PRODUCT),
        ({"StockCode": "C2"}, LeftOut.NO_PRODUCT),
        ({"StockCode": ""}, LeftOut.NO_PRODUCT),
        ({"Quantity": "0"}, LeftOut.NOTHING_SOLD),
        ({"Quantity": "-3"}, LeftOut.NOTHING_SOLD),
    ],
)
def test_what_is_no_purchase_says_why(change: dict[str, object], why: LeftOut) -> None:
    assert read_purchase({**GOOD, **change}) is why


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Quantity": "a dozen"}, "Quantity='a dozen' is not a number"),
        ({"Quantity": ""}, "Quantity='' is not a number"),
        ({"Price": "NaN"}, "Price='NaN' is not a number"),
        ({"Price": "-1"}, "Price='-1' is not between 0 and 1,000,000,000"),
        ({"Price": "1e12"}, "Price='1e12' is not between"),
        ({"Customer ID": "13085.5"}, "Customer ID='13085.5' is not a whole positive number"),
        ({"Customer ID": "1e99"}, "Customer ID='1e99' is not a whole"),
        ({"InvoiceDate": "12/1/2009 7:45"}, "InvoiceDate='12/1/2009 7:45' is not like 2009-12-01 07:45:00"),
        ({"InvoiceDate": None}, "InvoiceDate=None is not like"),
        ({"InvoiceDate": "0001-01-01 00:00:00"}, "is not between 1990 and 2100"),
        ({"Description": "A\0B"}, "Description='A\\x00B' holds a NUL"),
        ({"Quantity": "9" * 500 + "x"}, "9{79} is not a number"),
    ],
)
def test_a_malformed_cell_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(MalformedLineError) as caught:
        read_purchase({**GOOD, **change})
    assert message.replace("9{79}", "'" + "9" * 79) in str(caught.value)


def test_names_keep_their_letters_and_markup() -> None:
    purchase = read_purchase({**GOOD, "Description": ' <b>CAFÉ "SET"</b> ☕ '})
    assert isinstance(purchase, Purchase)
    assert purchase.name == '<b>CAFÉ "SET"</b> ☕'


def test_letters_of_a_stock_code_are_one_product_in_either_case() -> None:
    purchase = read_purchase({**GOOD, "StockCode": "85123a"})
    assert isinstance(purchase, Purchase)
    assert purchase.sku == "85123A"


def test_countries_become_locales_and_unknown_ones_english() -> None:
    found = [read_purchase({**GOOD, "Country": country}) for country in ("Germany", "France", "Atlantis", "")]
    assert [purchase.locale for purchase in found if isinstance(purchase, Purchase)] == ["de", "fr", "en", "en"]


def test_columns_are_found_in_any_order_and_case_among_others() -> None:
    header = ["extra", *(f" {name.lower()} " for name in reversed(COLUMNS))]
    assert find_columns(header) == {name: 8 - at for at, name in enumerate(COLUMNS)}
