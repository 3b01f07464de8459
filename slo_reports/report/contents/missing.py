"""A part of the report that could not be read says so in a sentence, and the rest is still drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from slo_reports.tables import Run


def part(run: Run, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `read` returns, or `{"missing": why}`; never raises."""
    try:
        return read()
    except UnreadableRunError as exc:
        return {"missing": _sentence(run, str(exc))}
    except Exception as exc:  # noqa: BLE001  # one odd value must not cost the reader the whole report
        return {"missing": _sentence(run, f"could not be read ({type(exc).__name__}: {exc})")}


def _sentence(run: Run, why: str) -> str:
    """Files by their names alone: a report travels, the folder's place on this machine does not."""
    return why.replace(f"{run.folder.path}/", "").strip().rstrip(".") + "."
