"""When which fault was in force, and what was seen of it, by the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from slo_reports import run_folder

if TYPE_CHECKING:
    from slo_reports.tables import Run

TOTAL_OUTAGE: Final = "F01"
"""The fault during which the provider can accept nothing at all."""

_INJECTED: Final = ("inject", "ok")
_EFFECT: Final = ("effect", "ok")
_HEALING: Final = ("heal", "invoke")


@dataclass(frozen=True, kw_only=True)
class FaultWindow:
    """One injection; certainly in force from `injected_at` to `ends_at`, certainly over at `healed_at`."""

    fault: str
    name: str
    injected_at: float
    ends_at: float | None = None
    """When healing began."""
    healed_at: float | None = None
    observed: int = 0
    """How often its effect was seen before it was healed."""
    how: str = ""


def fault_windows(run: Run) -> list[FaultWindow]:
    """Every fault that was injected, in order of time."""
    windows: list[FaultWindow] = []
    for at, step, fault, name, observed, how in run.rows(_MOVES, uses=(run_folder.HISTORY,)):
        if tuple(step) == _INJECTED:
            windows.append(FaultWindow(fault=fault, name=name, injected_at=at))
            continue
        place = next((i for i, w in enumerate(windows) if w.fault == fault and w.healed_at is None), None)
        if place is not None:
            windows[place] = _after(windows[place], tuple(step), at=at, observed=observed, how=how)
    return windows


def _after(window: FaultWindow, step: tuple[str, str], *, at: float, observed: int, how: str) -> FaultWindow:
    if step == _EFFECT:
        return replace(window, observed=window.observed + observed, how=how)
    if step == _HEALING:
        return replace(window, ends_at=at)
    return replace(window, healed_at=at, ends_at=window.ends_at or at)


_MOVES: Final = """
SELECT "at", [f, type] AS step, value ->> 'fault', coalesce(value ->> 'name', ''),
       coalesce(TRY_CAST(value ->> 'observed' AS BIGINT), 0), coalesce(value ->> 'how', '')
FROM history
WHERE actor = 'nemesis' AND value ->> 'fault' IS NOT NULL
  AND [f, type] IN (['inject', 'ok'], ['effect', 'ok'], ['heal', 'invoke'], ['heal', 'ok'])
ORDER BY "at"
"""
