"""A run folder as SQL tables: read in a stream on first use, kept on disk, within a fixed memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb

from slo_reports.columns import COLUMNS, REQUIRED
from slo_reports.packed_tables import ENDING, packed_fingerprint, packed_path, unpacking
from slo_reports.run_folder import RunFolder, UnreadableRunError, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

MEMORY_MB: Final = 256
PACKINGS: Final = ("", ".gz")
FINISHED: Final = "finished"


class Run:
    """One recorded run: `facts` from run.json, and a table for every line file, named without its ending.

    `provider-ledger.jsonl` is the table `ledger`. A context manager: the tables live in a temporary folder.
    A file that can't be read completely is named in `damage`, and whoever asks for it gets UnreadableRunError.
    """

    def __init__(self, folder: RunFolder, *, memory_mb: int = MEMORY_MB) -> None:
        self.folder = folder
        self.facts = folder.facts()
        self.damage: dict[str, str] = {}
        self._place = tempfile.TemporaryDirectory(prefix="steadypost-run-")
        self._database = duckdb.connect(str(Path(self._place.name) / "run.duckdb"))
        self._database.execute(f"SET memory_limit = '{memory_mb}MB'")
        self._database.execute("SET threads = 2")
        # DuckDB draws one on standard output as soon as a statement takes seconds.
        self._database.execute("SET enable_progress_bar = false")
        self._database.execute("SET preserve_insertion_order = false")
        self._loaded: set[str] = set()
        self._salvages = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._place.cleanup()

    def rows(self, statement: str, parameters: Sequence[Any] = (), *, uses: Sequence[str]) -> list[tuple[Any, ...]]:
        """All rows of a statement over the files in `uses`; UnreadableRunError when one of them is damaged."""
        for name in uses:
            self.load(name)
            if name in self.damage and not self._salvages:
                raise UnreadableRunError(self.damage[name])
        return self._database.execute(statement, list(parameters)).fetchall()

    def one(self, statement: str, parameters: Sequence[Any] = (), *, uses: Sequence[str]) -> tuple[Any, ...]:
        """The only row of a statement."""
        return self.rows(statement, parameters, uses=uses)[0]

    @contextmanager
    def salvaged(self) -> Iterator[None]:
        """Inside, damaged files answer with what is left of them: the caller must ask `flaw` before it says met."""
        self._salvages = True
        try:
            yield
        finally:
            self._salvages = False

    def fact(self, *path: str) -> Any:
        """A value of run.json; UnreadableRunError when it is not there."""
        value: Any = self.facts
        for key in path:
            if not isinstance(value, dict) or value.get(key) is None:
                raise UnreadableRunError(f"{self.folder.path / 'run.json'} has no {'.'.join(path)}")
            value = value[key]
        return value

    def setting(self, name: str, *, default: float) -> float:
        """A number among the recorded settings, which may hold only those that differ from their defaults."""
        settings = self.facts.get("settings") or {}
        return float(settings.get(f"STEADYPOST_{name.upper()}", settings.get(name, default)))

    def flaw(self, files: Sequence[str]) -> str | None:
        """Why nothing can be proven from these files: the run did not finish, or one of them is damaged."""
        for name in files:
            if name in COLUMNS:
                self.load(name)
        if (state := self.facts.get("state")) != FINISHED:
            reason = self.facts.get("reason") or "nothing says why"
            return f"the run has not finished: its state is {state!r} ({reason})"
        return next((self.damage[name] for name in files if name in self.damage), None)

    def load(self, name: str) -> None:
        """Read a line file into its table, once; what is wrong with it is noted in `damage`."""
        if name in self._loaded:
            return
        self._loaded.add(name)
        table, columns = table_of(name), _columns_of(name)
        try:
            path = self._path_of(name)
            self._expect_fingerprint(name, path)
            if path.suffix == ENDING:
                self._database.execute(f"CREATE TABLE {table} AS {unpacking(self.folder.path, name)}")
            else:
                self._database.execute(_READ.format(table=table, columns=columns, tolerant="false"), [str(path)])
        except (duckdb.Error, UnreadableRunError) as exc:
            self.damage[name] = f"{name}: {str(exc).splitlines()[0]}"
            self._load_what_can_be_read(name)
        else:
            self._expect_fields(name)

    def _load_what_can_be_read(self, name: str) -> None:
        """Enough to find a rule that is broken already; never enough to find that it holds."""
        table, columns = table_of(name), _columns_of(name)
        try:
            path = str(self._path_of(name))
            self._database.execute(_READ.format(table=table, columns=columns, tolerant="true"), [path])
        except (duckdb.Error, UnreadableRunError):
            fields = ", ".join(f'"{field}" {kind}' for field, kind in COLUMNS[name].items())
            self._database.execute(f"CREATE TABLE {table} ({fields})")
        self._database.execute(f"DELETE FROM {table} WHERE {_lacking(name)}")  # noqa: S608  # names of our own

    def _path_of(self, name: str) -> Path:
        for packing in PACKINGS:
            if (path := self.folder.path / f"{name}{packing}").exists():
                return path
        if (path := packed_path(self.folder.path, name)).exists():
            return path
        raise UnreadableRunError("the file is missing")

    def _expect_fingerprint(self, name: str, path: Path) -> None:
        """A finished run is sealed: every file must be what it was at the end of the recording."""
        if self.facts.get("state") != FINISHED:
            return
        sealed = (self.facts.get("files") or {}).get(name)
        if sealed is None:
            raise UnreadableRunError("run.json holds no fingerprint of it, so it may be cut off")
        found = packed_fingerprint(self._database, path) if path.suffix == ENDING else fingerprint(path)
        if found["lines"] != sealed["lines"]:
            raise UnreadableRunError(f"it has {found['lines']:,} lines, run.json counts {sealed['lines']:,}")
        if found["sha256"] != sealed["sha256"]:
            raise UnreadableRunError("its content is not what was recorded (SHA-256)")

    def _expect_fields(self, name: str) -> None:
        statement = f"SELECT count(*) FROM {table_of(name)} WHERE {_lacking(name)}"  # noqa: S608  # names of our own
        (lacking,) = self._database.execute(statement).fetchall()[0]
        if lacking:
            self.damage[name] = f"{name}: {lacking:,} lines lack one of {', '.join(REQUIRED[name])}"


_READ: Final = (
    "CREATE TABLE {table} AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {columns}, "
    "ignore_errors = {tolerant})"
)


def table_of(name: str) -> str:
    """The table of a line file: `provider-ledger.jsonl` is `ledger`."""
    return name.removesuffix(".jsonl").removeprefix("provider-")


def _columns_of(name: str) -> str:
    return "{" + ", ".join(f"'{field}': '{kind}'" for field, kind in COLUMNS[name].items()) + "}"


def _lacking(name: str) -> str:
    return " OR ".join(f'"{field}" IS NULL' for field in REQUIRED[name])
