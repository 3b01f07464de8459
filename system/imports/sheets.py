"""Tables in files, line by line and in flat memory: CSV, gzipped CSV, and every sheet of a workbook."""

from __future__ import annotations

import csv
import gzip
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from xml.etree.ElementTree import ParseError  # nosec B405  # the error alone; openpyxl reads

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from system.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `where` is what a person needs to find it: the row, counted from 1, and the sheet if there are any."""

    sheet: str
    row: int
    cells: Sequence[object]

    @property
    def where(self) -> str:
        """For messages: `row 7`, or `sheet 'Year 2009-2010', row 7`."""
        return f"sheet {self.sheet!r}, row {self.row}" if self.sheet else f"row {self.row}"


def read_lines(path: Path) -> Iterator[Line]:
    """All lines with their headers; raises InputError when the file is missing, damaged or of another kind."""
    with _clear_errors(path):
        if path.name.endswith(".xlsx"):
            yield from _read_workbook(path)
        elif path.name.endswith(".csv.gz"):
            with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
                yield from _read_csv(file)
        elif path.name.endswith(".csv"):
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield from _read_csv(file)
        else:
            raise unusable(path, "is of an unknown kind", "Give a file that ends in .csv, .csv.gz or .xlsx.")


def unusable(path: Path, problem: str, remedy: str) -> InputError:
    """The error for a file that can't be imported; nothing of it has been."""
    return InputError(field="file", value=str(path), problem=problem, remedy=remedy)


def _read_csv(file: IO[str]) -> Iterator[Line]:
    reader = csv.reader(file, strict=True)
    try:
        for cells in reader:
            if cells:
                yield Line("", reader.line_num, cells)
    except csv.Error as exc:
        raise _DamagedError(f"row {reader.line_num}: {exc}") from None


def _read_workbook(path: Path) -> Iterator[Line]:
    workbook = load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in workbook.worksheets:
            for row, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                if any(cell is not None for cell in cells):
                    yield Line(sheet.title, row, cells)
    finally:
        workbook.close()


class _DamagedError(Exception):
    """Raised while a file is read, with the place."""


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise unusable(path, "does not exist", "Check the path.") from None
    except UnicodeDecodeError as exc:
        remedy = "Convert it, for example with `iconv -f latin1 -t utf-8`."
        raise unusable(path, f"is not UTF-8 text (byte {exc.object[exc.start]:#04x})", remedy) from None
    except (_DamagedError, EOFError, zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, OSError) as exc:
        raise unusable(path, f"can't be read: {exc}", "Get the file again; nothing was imported.") from None
