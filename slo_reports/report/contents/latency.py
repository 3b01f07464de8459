"""How long webhook posts took: response from the intended instant, service from sending, and until visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports import run_folder
from slo_reports.report.contents.missing import expect
from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from slo_reports.tables import Run

NAMED: Final = (0.5, 0.9, 0.95, 0.99, 0.999, 0.9999)
POINTS: Final = 97
DECADES: Final = 4
"""The curve is drawn up to 99.99 %."""

_CURVES: Final = {
    "response": ("Response", "from the instant at which the post was due until its answer"),
    "service": ("Service", "from sending until the answer"),
    "visible": ("Until visible", "from taking an event in until its effect stands in the database"),
}
_RESPONSE: Final = "(done_at - intended_at) * 1000"
_SERVICE: Final = "(done_at - sent_at) * 1000"
_ANSWERED: Final = "requests WHERE \"user\" = 'provider' AND status > 0 AND NOT coalesce(dropped, false)"
_VISIBLE: Final = "(applied_at - received_at) * 1000"
_APPLIED: Final = "events WHERE applied_at IS NOT NULL AND received_at IS NOT NULL"


def latency_of(run: Run) -> dict[str, Any]:
    """One curve each; the last exists whether or not a load was driven."""
    curves = [
        _curve(run, "response", _RESPONSE, _ANSWERED, run_folder.REQUESTS),
        _curve(run, "service", _SERVICE, _ANSWERED, run_folder.REQUESTS),
        _curve(run, "visible", _VISIBLE, _APPLIED, run_folder.EVENTS),
    ]
    found = [curve for curve in curves if curve is not None]
    if not found:
        raise UnreadableRunError("no webhook post was answered and no event was applied: there is no latency to show")
    return {"unit": "ms", "curves": found, "unanswered": _unanswered(run)}


def ranks() -> list[float]:
    """From 0 to 99.99 %, evenly spaced in powers of ten of what is left above."""
    return [1 - 10 ** (-DECADES * place / (POINTS - 1)) for place in range(POINTS)]


def _curve(run: Run, name: str, value: str, source: str, file: str) -> dict[str, Any] | None:
    """Ranks beyond the sample size are left out: 1,000 posts know no 99.99th percentile."""
    try:
        expect(run, file)
        n, highest, mean, named, drawn = run.one(
            f"SELECT count(v), max(v), avg(v), quantile_disc(v, {list(NAMED)}), quantile_disc(v, {ranks()}) "  # noqa: S608  # expressions and numbers of our own
            f"FROM (SELECT {value} AS v FROM {source})",
            uses=[file],
        )
    except UnreadableRunError:
        return None
    if not n:
        return None
    title, means = _CURVES[name]
    return {
        "id": name,
        "title": title,
        "means": means,
        "n": n,
        "mean": round(mean, 3),
        "max": round(highest, 3),
        "percentiles": [
            {"p": round(rank * 100, 4), "value": round(value, 3) if _is_known(rank, n) else None}
            for rank, value in zip(NAMED, named, strict=True)
        ],
        "drawn": [
            [round(rank * 100, 5), round(value, 3)]
            for rank, value in zip(ranks(), drawn, strict=True)
            if _is_known(rank, n)
        ],
        "source": file,
    }


def _is_known(rank: float, n: int) -> bool:
    return (1 - rank) * n >= 1 - 1e-9


def _unanswered(run: Run) -> dict[str, int] | None:
    """Posts that no curve holds, and that therefore count as failed."""
    try:
        expect(run, run_folder.REQUESTS)
        dropped, silent = run.one(
            "SELECT count(*) FILTER (dropped), count(*) FILTER (status = 0 AND NOT coalesce(dropped, false)) "
            "FROM requests WHERE \"user\" = 'provider'",
            uses=[run_folder.REQUESTS],
        )
    except UnreadableRunError:
        return None
    return {"dropped": dropped, "no_answer": silent}
