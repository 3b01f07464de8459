"""A part of the report that could not be read says so in a sentence, and the rest is still drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slo_reports.run_folder import UnreadableRunError
from slo_reports.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slo_reports.tables import Run


def part(run: Run, read: Callable[[], dict[str, Any]], *, needs: Sequence[str] = ()) -> dict[str, Any]:
    """What `read` returns, or `{"missing": why}` when nothing is left of a file that it needs; never raises."""
    try:
        expect(run, *needs)
        return read()
    except UnreadableRunError as exc:
        return {"missing": _sentence(run, str(exc))}
    except Exception as exc:  # noqa: BLE001  # one odd value must not cost the reader the whole report
        return {"missing": _sentence(run, f"could not be read ({type(exc).__name__}: {exc})")}


def expect(run: Run, *files: str) -> None:
    """UnreadableRunError for a damaged file of which not one line is left."""
    for name in files:
        run.load(name)
        if name in run.damage and not run.one(f"SELECT count(*) FROM {table_of(name)}", uses=[name])[0]:  # noqa: S608  # names of our own
            raise UnreadableRunError(run.damage[name])


def damage_of(run: Run) -> list[str]:
    """What is wrong with the files that were read: one sentence for all that suffer from the same."""
    files: dict[str, list[str]] = {}
    for name, why in sorted(run.damage.items()):
        files.setdefault(why.removeprefix(f"{name}: "), []).append(name)
    return [_sentence(run, f"{', '.join(names)}: {why}") for why, names in files.items()]


def _sentence(run: Run, why: str) -> str:
    """Files by their names alone: a report travels, the folder's place on this machine does not."""
    return why.replace(f"{run.folder.path}/", "").strip().rstrip(".") + "."
