"""Real purchases for tests: the shared sample of Online Retail II, joined back into the layout of the original file."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = Path(os.environ.get("ONLINE_RETAIL_II", Path(__file__).parents[2] / "shared" / "data"))
HEADER = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
ODDITIES = (
    ("C489449", "22087", "PAPER BUNTING WHITE LACE", "-12", "2009-12-01 10:33:00", "2.95", "16321.0", "Australia"),
    ("489525", "85226C", "BLUE PULL BACK RACING CAR", "1", "2009-12-01 11:49:00", "0.55", "", "United Kingdom"),
    ("489526", "POST", "POSTAGE", "3", "2009-12-01 11:50:00", "18.0", "12533.0", "Germany"),
    ("489597", "M", "Manual", "1", "2009-12-01 14:28:00", "4.0", "14911.0", "EIRE"),
)


def write_original_layout(path: Path, *, since: str = "2009-12-01") -> int:
    """Write the purchases from a day on as a CSV file, a few lines that are none at its end; returns their number.

    Skips the test where the sample is absent.
    """
    if not (SAMPLE / "online_retail_ii_transactions.csv.gz").exists():
        pytest.skip("the sample of Online Retail II is not here; ONLINE_RETAIL_II names the folder that holds it")
    names = {row["stock_code"]: row["name"] for row in _rows("products")}
    countries = {row["customer_id"]: row["country"] for row in _rows("customers")}
    purchases = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in _rows("transactions"):
            if row["ts"] >= since:
                product, customer = row["stock_code"], row["customer_id"]
                at = f"{row['ts'].replace('T', ' ')}:00"
                line = (row["invoice"], product, names[product], row["quantity"], at, row["price"])
                writer.writerow((*line, f"{customer}.0", countries[customer]))
                purchases += 1
        writer.writerows(ODDITIES)
    return purchases


def _rows(table: str) -> Iterator[dict[str, str]]:
    with gzip.open(SAMPLE / f"online_retail_ii_{table}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
