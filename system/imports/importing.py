"""A file's purchases into the database: all of them or none, and the same file twice changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from system.imports.online_retail import COLUMNS, LeftOut, MalformedLineError, Purchase, find_columns, read_purchase
from system.imports.sheets import Line, read_lines, unusable
from system.storage import imported
from system.storage.database import transaction
from system.storage.newsletters import ensure_weekly_newsletter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

SHOWN_PROBLEMS: Final = 10


@dataclass(slots=True)
class ImportReport:
    """What became of a file's lines; `problems` are the first of the malformed ones."""

    lines: int = 0
    purchases: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    users_added: int = 0
    products_added: int = 0
    orders_added: int = 0


def import_online_retail(
    engine: Engine, path: Path, *, strict: bool = False, on_lines: Callable[[int], None] = lambda _count: None
) -> ImportReport:
    """Import the file in one transaction; lines that are no purchase are left out and counted.

    With `strict` the first malformed line ends the import. `on_lines` hears how many lines have been read.
    Raises InputError when the file can't be read, lacks a column, or holds no purchase; nothing is changed then.
    """
    report = ImportReport()
    with transaction(engine) as connection:
        purchases = _purchases(path, report=report, strict=strict, on_lines=on_lines)
        imported.stage_purchases(connection, rows=map(_row, purchases))
        if not report.purchases:
            first = f"; {report.problems[0]}" if report.problems else ""
            raise unusable(
                path, f"holds no purchase in {report.lines} lines{first}", "Check that it is the right file."
            )
        report.products_added = imported.add_products(connection)
        report.users_added = imported.add_users(connection)
        report.orders_added = imported.add_orders(connection)
        ensure_weekly_newsletter(connection)
    return report


def _row(purchase: Purchase) -> tuple[object, ...]:
    # The data set has numbers instead of people; mail to a reserved domain (RFC 2606) reaches nobody.
    email, name = f"customer-{purchase.customer_id}@example.com", f"Customer {purchase.customer_id}"
    product = purchase.sku, purchase.family, purchase.name, purchase.price
    return email, name, purchase.locale, *product, purchase.bought_at


def _purchases(
    path: Path, *, report: ImportReport, strict: bool, on_lines: Callable[[int], None]
) -> Iterator[Purchase]:
    for line, cells in _cells_by_column(path):
        report.lines += 1
        try:
            found = read_purchase(cells)
        except MalformedLineError as exc:
            if strict:
                raise unusable(
                    path, f"is malformed in {line.where}: {exc}", "Mend it, or leave out --strict."
                ) from None
            found = LeftOut.MALFORMED
            if len(report.problems) < SHOWN_PROBLEMS:
                report.problems.append(f"{line.where}: {exc}")
        if isinstance(found, LeftOut):
            report.left_out[found] += 1
        else:
            report.purchases += 1
            yield found
        on_lines(report.lines)


def _cells_by_column(path: Path) -> Iterator[tuple[Line, dict[str, object]]]:
    """Each line below a header, by column; every sheet has a header of its own."""
    places: dict[str, int] = {}
    sheet = None
    for line in read_lines(path):
        if line.sheet != sheet:
            sheet, places = line.sheet, _places(path, line)
        else:
            width = len(line.cells)
            yield line, {column: line.cells[at] if at < width else None for column, at in places.items()}


def _places(path: Path, header: Line) -> dict[str, int]:
    places = find_columns(header.cells)
    missing = [column for column in COLUMNS if column not in places]
    if missing:
        raise unusable(
            path,
            f"lacks {_quoted(missing)} in its header ({header.where}: {_quoted(header.cells)})",
            f"The columns must be {', '.join(COLUMNS)}.",
        )
    return places


def _quoted(names: Iterable[object]) -> str:
    return ", ".join(f"{name!s:.40}" for name in names)
