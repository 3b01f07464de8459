from __future__ import annotations

import csv
import gzip
from datetime import datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import text

from system.errors import InputError
from system.imports.importing import ImportReport, import_online_retail
from system.imports.online_retail import COLUMNS, LeftOut
from system.storage.database import new_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

pytestmark = pytest.mark.integration

ROWS = [
    ("489434", "85048", "GLASS BALL", "12", "2009-12-01 07:45:00", "6.95", "13085.0", "United Kingdom"),
    ("489434", "85048", "GLASS BALL", "3", "2009-12-01 07:45:00", "6.95", "13085.0", "United Kingdom"),  # twice
    ("489434", "79323P", '<i>PINK</i> "CHERRY" LIGHTS', "1", "2009-12-01 07:45:00", "6.75", "13085", "United Kingdom"),
    ("489500", "85048", "", "1", "2010-02-03 10:00:00", "7.95", "12346", "Germany"),
    ("489501", "85048", "GLASS BALL", "1", "2010-02-04 10:00:00", "5.95", "12346", "Germany"),
    ("C489449", "85048", "GLASS BALL", "-12", "2009-12-01 10:33:00", "6.95", "16321.0", "Australia"),
    ("489525", "85048", "GLASS BALL", "1", "2009-12-01 11:49:00", "6.95", "", "United Kingdom"),
    ("489526", "POST", "POSTAGE", "1", "2009-12-01 11:50:00", "18", "12533", "France"),
    ("489527", "85048", "GLASS BALL", "many", "2009-12-01 11:50:00", "18", "12533", "France"),
    ("489528", "85048", "GLASS BALL", "1", "yesterday", "18", "12533", "France"),
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = new_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return _write_csv(tmp_path / "retail.csv", ROWS)


def _write_csv(path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def _ask(engine: Engine, question: str) -> list[tuple]:
    with transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def _check_report(report: ImportReport) -> None:
    assert (report.lines, report.purchases) == (10, 5)
    assert report.left_out == {
        LeftOut.CANCELLED: 1,
        LeftOut.NO_CUSTOMER: 1,
        LeftOut.NO_PRODUCT: 1,
        LeftOut.MALFORMED: 2,
    }
    assert (report.users_added, report.products_added, report.orders_added) == (2, 2, 4)


def test_every_line_is_counted_and_malformed_ones_are_named(engine: Engine, file: Path) -> None:
    report = import_online_retail(engine, file)
    _check_report(report)
    assert report.problems == [
        "row 10: Quantity='many' is not a number",
        "row 11: InvoiceDate='yesterday' is not like 2009-12-01 07:45:00",
    ]


def test_customers_get_reserved_addresses_and_products_their_usual_name_and_price(engine: Engine, file: Path) -> None:
    import_online_retail(engine, file)
    assert _ask(engine, "SELECT email, name, locale FROM users ORDER BY email") == [
        ("customer-12346@example.com", "Customer 12346", "de"),
        ("customer-13085@example.com", "Customer 13085", "en"),
    ]
    assert [
        (sku, name, str(price))
        for sku, name, price in _ask(engine, "SELECT sku, name, price FROM products ORDER BY sku")
    ] == [
        ("79323P", '<i>PINK</i> "CHERRY" LIGHTS', "6.75"),
        ("85048", "GLASS BALL", "6.95"),
    ]
    assert _ask(
        engine,
        "SELECT u.name, p.sku, to_char(o.created_at, 'YYYY-MM-DD HH24:MI') FROM orders o"
        " JOIN users u ON u.id = o.user_id JOIN products p ON p.id = o.product_id ORDER BY 1, 3, 2",
    ) == [
        ("Customer 12346", "85048", "2010-02-03 10:00"),
        ("Customer 12346", "85048", "2010-02-04 10:00"),
        ("Customer 13085", "79323P", "2009-12-01 07:45"),
        ("Customer 13085", "85048", "2009-12-01 07:45"),
    ]


def test_products_that_were_imported_before_there_were_families_get_theirs(engine: Engine, file: Path) -> None:
    import_online_retail(engine, file)
    with transaction(engine) as connection:
        connection.execute(text("UPDATE products SET family = NULL WHERE sku = '79323P'"))
        connection.execute(text("UPDATE products SET family = 'my own' WHERE sku = '85048'"))
    assert import_online_retail(engine, file).products_added == 0
    assert _ask(engine, "SELECT sku, family FROM products ORDER BY sku") == [("79323P", "79323"), ("85048", "my own")]


def test_the_same_file_twice_changes_nothing(engine: Engine, file: Path) -> None:
    import_online_retail(engine, file)
    report = import_online_retail(engine, file)
    assert (report.purchases, report.users_added, report.products_added, report.orders_added) == (5, 0, 0, 0)
    assert _ask(engine, "SELECT count(*) FROM orders") == [(4,)]


def test_an_import_leaves_a_newsletter_that_can_be_mailed(engine: Engine, file: Path) -> None:
    import_online_retail(engine, file)
    assert _ask(engine, "SELECT name, cron FROM newsletters") == [("weekly-recos", "0 9 * * 1")]


def test_a_second_file_adds_to_the_same_people(engine: Engine, file: Path, tmp_path: Path) -> None:
    import_online_retail(engine, file)
    later = ("490000", "79323P", "PINK CHERRY LIGHTS", "1", "2010-03-01 09:00:00", "6.75", "12346", "Germany")
    report = import_online_retail(engine, _write_csv(tmp_path / "later.csv", [later]))
    assert (report.users_added, report.products_added, report.orders_added) == (0, 0, 1)


def test_a_gzipped_file_is_read_the_same_way(engine: Engine, file: Path) -> None:
    packed = file.with_name("retail.csv.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    _check_report(import_online_retail(engine, packed))


def test_both_sheets_of_a_workbook_are_read(engine: Engine, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    first, second = workbook.active, workbook.create_sheet("Year 2010-2011")
    first.title = "Year 2009-2010"
    first.append(COLUMNS)
    second.append(COLUMNS)
    first.append((489434, 85048, "GLASS BALL", 12, datetime(2009, 12, 1, 7, 45), 6.95, 13085, "United Kingdom"))  # noqa: DTZ001  # workbooks know no zones
    second.append((539993, 22386, "JUMBO BAG", 10, datetime(2011, 1, 4, 10, 0), 1.95, 13313, "France"))  # noqa: DTZ001  # same
    second.append((539994, 22386, "JUMBO BAG", "ten", datetime(2011, 1, 4, 10, 0), 1.95, 13313, "France"))  # noqa: DTZ001  # same
    workbook.save(tmp_path / "retail.xlsx")
    report = import_online_retail(engine, tmp_path / "retail.xlsx")
    assert (report.lines, report.orders_added) == (3, 2)
    assert report.problems == ["sheet 'Year 2010-2011', row 3: Quantity='ten' is not a number"]


def test_strict_stops_at_the_first_malformed_row_and_changes_nothing(engine: Engine, file: Path) -> None:
    with pytest.raises(InputError, match=r"retail\.csv' is malformed in row 10: Quantity='many' is not a number"):
        import_online_retail(engine, file, strict=True)
    assert _ask(engine, "SELECT count(*) FROM users") == [(0,)]


def test_a_missing_column_is_named(engine: Engine, tmp_path: Path) -> None:
    header = [name for name in COLUMNS if name not in {"Customer ID", "Price"}] + ["Extra"]
    path = _write_csv(tmp_path / "retail.csv", ROWS, header)
    with pytest.raises(
        InputError, match=r"lacks Price, Customer ID in its header \(row 1: Invoice, StockCode, .*Extra"
    ):
        import_online_retail(engine, path)


def test_a_second_sheet_without_a_header_is_named(engine: Engine, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(COLUMNS)
    workbook.create_sheet("Notes").append(("just a remark",))
    workbook.save(tmp_path / "retail.xlsx")
    with pytest.raises(InputError, match=r"\(sheet 'Notes', row 1: just a remark\)"):
        import_online_retail(engine, tmp_path / "retail.xlsx")


def test_dates_in_another_layout_end_in_one_clear_error(engine: Engine, tmp_path: Path) -> None:
    rows = [(*row[:4], "12/1/2009 7:45", *row[5:]) for row in ROWS[:3]]
    path = _write_csv(tmp_path / "retail.csv", rows)
    with pytest.raises(
        InputError, match=r"holds no purchase in 3 lines; row 2: InvoiceDate='12/1/2009 7:45' is not like"
    ):
        import_online_retail(engine, path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("retail.csv", b"", "holds no purchase in 0 lines"),
        ("retail.csv", b"Invoice,\xa3", r"is not UTF-8 text \(byte 0xa3\)\. Convert it"),
        ("retail.csv", (",".join(COLUMNS) + '\n1,"open').encode(), "can't be read: row 2: unexpected end of data"),
        ("retail.csv.gz", b"not gzip at all", "can't be read: Not a gzipped file"),
        ("retail.csv.gz", gzip.compress(b"Invoice," * 999, mtime=0)[:30], "can't be read: Compressed file ended"),
        ("retail.xlsx", b"PK\x03\x04 not a workbook", "can't be read: File is not a zip file"),
        ("retail.pdf", b"%PDF", r"is of an unknown kind\. Give a file that ends in \.csv, \.csv\.gz or \.xlsx"),
    ],
)
def test_a_file_that_can_t_be_read_is_a_clear_error(
    engine: Engine, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        import_online_retail(engine, tmp_path / name)


def test_a_missing_file_is_a_clear_error(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv' does not exist"):
        import_online_retail(engine, tmp_path / "none.csv")


def test_a_short_row_is_malformed_and_not_the_end(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(
        "\ufeff" + ",".join(COLUMNS) + "\n489434,85048,BALL\n\n" + ",".join(ROWS[0]) + "\n", encoding="utf-8"
    )
    report = import_online_retail(engine, path)
    assert (report.lines, report.orders_added) == (2, 1)
