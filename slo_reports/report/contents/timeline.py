"""The run over time: several panels over one time axis, each read by SQL into the same buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports import run_folder
from slo_reports.report.contents.missing import part
from slo_reports.report.contents.series import Bucketed, series_of
from slo_reports.report.numbers import amount, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slo_reports.report.contents.clock import RunClock
    from slo_reports.report.contents.faults import Injection
    from slo_reports.tables import Run

BACKLOG: Final = ("ready", "pending", "claimed", "sending", "unknown")
MAX_PROGRAMS: Final = 6
LATE_BUCKETS: Final = 2

Panel = dict[str, Any]


def timeline_of(run: Run, clock: RunClock, faults: Sequence[Injection]) -> dict[str, Any]:
    """The axis, the windows to shade, and the panels; a panel whose file is missing says so."""
    return {
        "from_s": clock.from_s,
        "step_s": clock.step_s,
        "points": clock.points,
        "windows": [_window(fault) for fault in faults if fault["from_s"] is not None and fault["injected"]],
        "stages": _stages(run, clock),
        "panels": [_panel(run, clock, name) for name in _PANELS],
    }


def _panel(run: Run, clock: RunClock, name: str) -> Panel:
    title, file, read = _PANELS[name]
    found = part(run, lambda: {**read(run, clock), "source": file}, needs=[file])
    return {"id": name, "title": title, **found}


def _window(fault: Injection) -> dict[str, Any]:
    return {key: fault[key] for key in ("fault", "name", "from_s", "to_s")}


def _stages(run: Run, clock: RunClock) -> list[dict[str, Any]]:
    """When each stage of the webhook load ran; none when there was no load."""
    found = part(run, lambda: {"stages": _stage_rows(run)}, needs=[run_folder.REQUESTS])
    return [
        {"name": name, "from_s": clock.since_start_s(low), "to_s": clock.since_start_s(high)}
        for name, low, high in found.get("stages", ())
    ]


def _stage_rows(run: Run) -> list[tuple[Any, ...]]:
    return run.rows(
        "SELECT stage, min(intended_at) AS low, max(intended_at) FROM requests "
        "WHERE \"user\" = 'provider' AND stage IS NOT NULL GROUP BY stage ORDER BY low",
        uses=[run_folder.REQUESTS],
    )


def _accepts(run: Run, clock: RunClock) -> Panel:
    rows = run.rows(
        "SELECT floor((received_at - ?) / ?)::BIGINT AS bucket, 'accepted', count(*) / ? "
        "FROM ledger WHERE kind = 'accepted' GROUP BY bucket",
        [clock.first_at, clock.step_s, clock.step_s],
        uses=[run_folder.LEDGER],
    )
    limit = (run.facts.get("campaign") or {}).get("mails_per_s")
    return {
        "unit": "mails/s",
        "kind": "area",
        "reference": None if limit is None else {"label": f"limit {amount(limit, 'mails/s')}", "value": limit},
        "series": series_of(Bucketed(rows, clock), order=("accepted",), gap=0),
    }


def _backlog(run: Run, clock: RunClock) -> Panel:
    rows = run.rows(
        'SELECT bucket, state.key, max(state.value) FROM (SELECT floor(("at" - ?) / ?)::BIGINT AS bucket, '
        "unnest(map_entries(jobs)) AS state FROM samples) WHERE list_contains(?, state.key) GROUP BY bucket, state.key",
        [clock.first_at, clock.step_s, list(BACKLOG)],
        uses=[run_folder.SAMPLES],
    )
    return {
        "unit": "jobs",
        "kind": "stack",
        "series": series_of(Bucketed(rows, clock, sampled=_sampled(run, clock), carried=LATE_BUCKETS), order=BACKLOG),
    }


def _breaker(run: Run, clock: RunClock) -> Panel:
    rows = run.rows(
        "SELECT floor((\"at\" - ?) / ?)::BIGINT AS bucket, 'breaker', "
        "CASE WHEN bool_or(breaker = 'open') THEN 'open' ELSE max(breaker) END FROM samples GROUP BY bucket",
        [clock.first_at, clock.step_s],
        uses=[run_folder.SAMPLES],
    )
    return {
        "unit": "",
        "kind": "states",
        "series": series_of(Bucketed(rows, clock, carried=LATE_BUCKETS), order=("breaker",)),
    }


def _webhook(run: Run, clock: RunClock) -> Panel:
    rows = run.rows(
        "SELECT bucket, unnest(['p50', 'p99']), unnest(quantile_disc(response_ms, [0.5, 0.99])) FROM ("
        "SELECT floor((intended_at - ?) / ?)::BIGINT AS bucket, (done_at - intended_at) * 1000 AS response_ms "
        "FROM requests WHERE \"user\" = 'provider' AND status > 0 AND NOT coalesce(dropped, false)) GROUP BY bucket",
        [clock.first_at, clock.step_s],
        uses=[run_folder.REQUESTS],
    )
    return {
        "unit": "ms",
        "kind": "lines",
        "scale": "log",
        "series": series_of(Bucketed(rows, clock), order=("p99", "p50")),
    }


def _cpu(run: Run, clock: RunClock) -> Panel:
    rows = run.rows(
        "WITH ranked AS (SELECT program, rank() OVER (ORDER BY sum(cpu_percent) DESC, program) AS place "
        "FROM processes GROUP BY program), "
        "named AS (SELECT \"at\", CASE WHEN place <= ? THEN program ELSE 'others' END AS name, sum(cpu_percent) AS cpu "
        'FROM processes JOIN ranked USING (program) GROUP BY "at", name) '
        'SELECT floor(("at" - ?) / ?)::BIGINT AS bucket, name, avg(cpu) FROM named GROUP BY bucket, name',
        [MAX_PROGRAMS, clock.first_at, clock.step_s],
        uses=[run_folder.PROCESSES],
    )
    cores = (run.facts.get("environment") or {}).get("cores")
    return {
        "unit": "% of a core",
        "kind": "stack",
        "reference": None if not cores else {"label": counted(cores, "core"), "value": 100 * cores},
        "series": series_of(Bucketed(rows, clock, carried=LATE_BUCKETS), order=_by_use(rows)),
    }


def _by_use(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """The busiest program first, the others last."""
    used: dict[str, float] = {}
    for _, name, value in rows:
        used[name] = used.get(name, 0.0) + (value or 0.0)
    return sorted(used, key=lambda name: (name == "others", -used[name], name))


def _sampled(run: Run, clock: RunClock) -> frozenset[int]:
    rows = run.rows(
        'SELECT DISTINCT floor(("at" - ?) / ?)::BIGINT FROM samples',
        [clock.first_at, clock.step_s],
        uses=[run_folder.SAMPLES],
    )
    return frozenset(bucket for (bucket,) in rows)


_PANELS: Final[dict[str, tuple[str, str, Callable[[Run, RunClock], Panel]]]] = {
    "accepts": ("Mails accepted by the provider", run_folder.LEDGER, _accepts),
    "backlog": ("Jobs not yet at their end", run_folder.SAMPLES, _backlog),
    "breaker": ("Circuit breaker", run_folder.SAMPLES, _breaker),
    "webhook": ("Webhook response time", run_folder.REQUESTS, _webhook),
    "cpu": ("CPU by program", run_folder.PROCESSES, _cpu),
}
