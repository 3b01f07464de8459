"""A run folder as SQL tables: read in a stream on first use, kept on disk, within a fixed memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb

from slo_reports.columns import COLUMNS
from slo_reports.run_folder import RunFolder, UnreadableRunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

MEMORY_MB: Final = 300
PACKINGS: Final = ("", ".gz")


class Run:
    """One recorded run: `facts` from run.json, and a table for every line file, named without its ending.

    `provider-ledger.jsonl` is the table `ledger`. A context manager: the tables live in a temporary folder.
    """

    def __init__(self, folder: RunFolder, *, memory_mb: int = MEMORY_MB) -> None:
        self.folder = folder
        self.facts = folder.facts()
        self._place = tempfile.TemporaryDirectory(prefix="steadypost-run-")
        self._database = duckdb.connect(str(Path(self._place.name) / "run.duckdb"))
        self._database.execute(f"SET memory_limit = '{memory_mb}MB'")
        self._database.execute("SET threads = 2")
        self._database.execute("SET preserve_insertion_order = false")
        self._loaded: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._place.cleanup()

    def rows(self, statement: str, parameters: Sequence[Any] = (), *, uses: Sequence[str]) -> list[tuple[Any, ...]]:
        """All rows of a statement over the files in `uses`; UnreadableRunError when one of them can't be read."""
        for name in uses:
            self._load(name)
        with _readable():
            return self._database.execute(statement, list(parameters)).fetchall()

    def one(self, statement: str, parameters: Sequence[Any] = (), *, uses: Sequence[str]) -> tuple[Any, ...]:
        """The only row of a statement."""
        return self.rows(statement, parameters, uses=uses)[0]

    def _load(self, name: str) -> None:
        if name in self._loaded:
            return
        path = self._path_of(name)
        columns = ", ".join(f"'{field}': '{kind}'" for field, kind in COLUMNS[name].items())
        with _readable():
            self._database.execute(
                f"CREATE TABLE {table_of(name)} AS SELECT * FROM read_json(?, format = 'newline_delimited', "  # noqa: S608  # names of our own
                f"columns = {{{columns}}})",
                [str(path)],
            )
        self._expect_lines(name)
        self._loaded.add(name)

    def _path_of(self, name: str) -> Path:
        for packing in PACKINGS:
            if (path := self.folder.path / f"{name}{packing}").exists():
                return path
        raise UnreadableRunError(f"{self.folder.path / name} is missing")

    def _expect_lines(self, name: str) -> None:
        counted = self.facts.get("files", {}).get(name, {}).get("lines")
        (found,) = self._database.execute(f"SELECT count(*) FROM {table_of(name)}").fetchall()[0]  # noqa: S608  # names of our own
        if counted is not None and counted != found:
            raise UnreadableRunError(f"{self.folder.path / name} has {found:,} lines, run.json counts {counted:,}")


def table_of(name: str) -> str:
    """The table of a line file: `provider-ledger.jsonl` is `ledger`."""
    return name.removesuffix(".jsonl").removeprefix("provider-")


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except duckdb.BinderException:
        raise  # a statement of ours is wrong, not the run
    except duckdb.Error as exc:
        raise UnreadableRunError(str(exc).splitlines()[0]) from None
