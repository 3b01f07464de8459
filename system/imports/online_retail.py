"""The layout of UCI's "Online Retail II": which line is a purchase, and why another line is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS: Final = (
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price",
    "Customer ID",
    "Country",
)

_SHOP_ZONE: Final = ZoneInfo("Europe/London")
_PRODUCT_CODE: Final = re.compile(r"(\d{5})[A-Z]*")  # letters tell the variants of one thing apart
_MAX_PRICE: Final = Decimal(10) ** 9
_YEARS: Final = range(1990, 2100)
_LOCALES: Final = {
    "Austria": "de",
    "Belgium": "fr",
    "France": "fr",
    "Germany": "de",
    "Italy": "it",
    "Japan": "ja",
    "Netherlands": "nl",
    "Poland": "pl",
    "Portugal": "pt",
    "Spain": "es",
    "Sweden": "sv",
    "Switzerland": "de",
}


class LeftOut(StrEnum):
    """Why a line is no purchase."""

    CANCELLED = "cancelled"  # the invoice starts with C
    NO_CUSTOMER = "no customer"
    NO_PRODUCT = "no product"  # postage, discounts, manual entries, tests: codes that are not five digits
    NOTHING_SOLD = "nothing sold"  # a quantity of 0 or less without a cancellation
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Purchase:
    """One product that one customer bought."""

    customer_id: int
    locale: str
    sku: str
    family: str
    name: str
    price: Decimal
    bought_at: datetime


class MalformedLineError(Exception):
    """Raised for a line with a cell that can't be read; says which and why."""

    def __init__(self, column: str, value: object, problem: str) -> None:
        super().__init__(f"{column}={value!r:.80} {problem}")


def find_columns(header: Sequence[object]) -> dict[str, int]:
    """Where each column stands; the missing ones are left out. Case, order and further columns don't matter."""
    places = {str(name).strip().casefold(): at for at, name in enumerate(header)}
    return {column: places[column.casefold()] for column in COLUMNS if column.casefold() in places}


def read_purchase(cells: Mapping[str, object]) -> Purchase | LeftOut:
    """The purchase in a line, or why there is none; raises MalformedLineError."""
    if _text(cells, "Invoice").upper().startswith("C"):
        return LeftOut.CANCELLED
    if not _text(cells, "Customer ID"):
        return LeftOut.NO_CUSTOMER
    sku = _text(cells, "StockCode").upper()
    code = _PRODUCT_CODE.fullmatch(sku)
    if not code:
        return LeftOut.NO_PRODUCT
    if _number(cells, "Quantity") <= 0:
        return LeftOut.NOTHING_SOLD
    return Purchase(
        customer_id=_customer(cells),
        locale=_LOCALES.get(_text(cells, "Country"), "en"),
        sku=sku,
        family=code[1],
        name=_text(cells, "Description"),
        price=_price(cells),
        bought_at=_moment(cells),
    )


def _text(cells: Mapping[str, object], column: str) -> str:
    value = cells[column]
    content = "" if value is None else str(value).strip()
    if "\0" in content:
        raise MalformedLineError(column, value, "holds a NUL character")
    return content


def _number(cells: Mapping[str, object], column: str) -> Decimal:
    try:
        number = Decimal(_text(cells, column))
    except InvalidOperation:
        raise MalformedLineError(column, cells[column], "is not a number") from None
    if not number.is_finite():
        raise MalformedLineError(column, cells[column], "is not a number")
    return number


def _price(cells: Mapping[str, object]) -> Decimal:
    price = _number(cells, "Price")
    if not 0 <= price < _MAX_PRICE:
        raise MalformedLineError("Price", cells["Price"], f"is not between 0 and {_MAX_PRICE:,f}")
    return price


def _customer(cells: Mapping[str, object]) -> int:
    """Spreadsheets turn 13085 into 13085.0."""
    number = _number(cells, "Customer ID")
    if number != number.to_integral_value() or not 0 < number < _MAX_CUSTOMER:
        raise MalformedLineError("Customer ID", cells["Customer ID"], "is not a whole positive number")
    return int(number)


_MAX_CUSTOMER: Final = 10**12


def _moment(cells: Mapping[str, object]) -> datetime:
    value = cells["InvoiceDate"]
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(_text(cells, "InvoiceDate"))
    except ValueError:
        raise MalformedLineError("InvoiceDate", value, "is not like 2009-12-01 07:45:00") from None
    if moment.year not in _YEARS:
        raise MalformedLineError("InvoiceDate", value, f"is not between {_YEARS.start} and {_YEARS.stop}")
    return moment if moment.tzinfo else moment.replace(tzinfo=_SHOP_ZONE)
