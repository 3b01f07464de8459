"""A compact copy of a run for keeps: the same verdicts from a fiftieth of the bytes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb

from slo_reports import run_folder
from slo_reports.judge import judge_run
from slo_reports.packed_tables import PACK, packed_fingerprint, packed_path
from slo_reports.run_folder import LINE_FILES, RunFolder, fingerprint
from slo_reports.tables import Run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slo_reports.verdict import Verdict

LOG_LINES: Final = 20
"""Of each log, its last: enough to see what a program said, and that it was looked through."""

# Differences from row to row are smaller than any dictionary, and zstd finds what repeats.
_WRITE: Final = (
    "COPY ({statement}) TO '{path}' (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 22, "
    "ROW_GROUP_SIZE 1000000, DICTIONARY_SIZE_LIMIT 1)"
)


class ExportError(Exception):
    """Raised when a run can't be copied without changing what it proves; nothing is left behind then."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A finished copy."""

    path: Path
    bytes_before: int
    bytes_after: int


def export(folder: RunFolder, *, out: Path) -> Exported:
    """Write a compact copy into a new folder and judge both; ExportError when a single verdict differs."""
    if out.exists():
        raise ExportError(f"--out is {str(out)!r}, which exists already: name a folder that does not")
    try:
        with Run(folder) as run:
            _pack(run, RunFolder(out))
            before = judge_run(run)
        with Run(RunFolder(out)) as copy:
            _expect_the_same(before, judge_run(copy))
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    return Exported(path=out, bytes_before=_size(folder.path), bytes_after=_size(out))


def _pack(run: Run, copy: RunFolder) -> None:
    copy.path.mkdir(parents=True)
    files = {}
    for name in LINE_FILES:
        run.load(name)
        if name in run.damage:
            raise ExportError(f"{run.damage[name]}: only a run that can be read completely can be copied")
    _expect_numbered_attempts(run)
    for name in LINE_FILES:
        files[name] = _packed(run, copy, name) if name in PACK else _copied(run, copy, name)
    for log in sorted((run.folder.path / run_folder.LOGS).glob("*")):
        _copy_end(log, copy.path / run_folder.LOGS / log.name)
    if (run.folder.path / run_folder.HISTOGRAM).exists():
        shutil.copyfile(run.folder.path / run_folder.HISTOGRAM, copy.path / run_folder.HISTOGRAM)
    copy.write_facts({**run.facts, "files": files, "derived_from": _origin(run)})


def _packed(run: Run, copy: RunFolder, name: str) -> dict[str, Any]:
    path = packed_path(copy.path, name)
    run.rows(_WRITE.format(statement=PACK[name], path=str(path).replace("'", "''")), uses=())
    with duckdb.connect() as database:
        return packed_fingerprint(database, path)


def _copied(run: Run, copy: RunFolder, name: str) -> dict[str, Any]:
    (copy.path / name).write_bytes(_bytes_of(run.folder.path, name))
    return fingerprint(copy.path / name)


def _bytes_of(folder: Path, name: str) -> bytes:
    if not (folder / name).exists():
        raise ExportError(f"{folder / name} is missing: export the run as it was recorded, not a copy of it")
    return (folder / name).read_bytes()


def _copy_end(log: Path, to: Path) -> None:
    to.parent.mkdir(exist_ok=True)
    lines = log.read_bytes().splitlines(keepends=True)
    to.write_bytes(b"".join(lines[-LOG_LINES:]))


def _origin(run: Run) -> dict[str, Any]:
    return {
        "files": run.facts.get("files", {}),
        "by": "steadypost slo export: ids numbered, times in milliseconds, "
        f"files packed, the last {LOG_LINES} lines of each log",
    }


def _expect_numbered_attempts(run: Run) -> None:
    ((twice,),) = run.rows(
        "SELECT count(*) - count(DISTINCT (job_id, attempt)) FROM attempts", uses=[run_folder.ATTEMPTS]
    )
    if twice:
        raise ExportError(f"{twice:,} attempts share job and number with another: they could not be told apart")


def _expect_the_same(before: Sequence[Verdict], after: Sequence[Verdict]) -> None:
    changed = [
        f"{old.id} {old.name} was {old.status}, is {new.status} in the copy ({new.says})"
        for old, new in zip(before, after, strict=True)
        if old.status is not new.status
    ]
    if changed:
        raise ExportError("the copy would not prove the same: " + "; ".join(changed))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
