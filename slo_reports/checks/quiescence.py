"""I15: when all is done nothing is left behind: no message, no open transaction, no leaked descriptor or memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.checks.check import Finding, invariant, unknown
from slo_reports.checks.lifecycle import quoted
from slo_reports.expected import expected_of
from slo_reports.fault_windows import fault_windows
from slo_reports.run_folder import HISTORY, PROCESSES, RUN, SAMPLES
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from slo_reports.tables import Run

WINDOW_S: Final = 10.0
GROWTH: Final = 1.1
# For each process of a program: a database's opens files and touches shared memory as it meets new tables.
SPARE_FDS: Final = 5
SPARE_RSS_MB: Final = 20
SPARE_CONNECTIONS: Final = 5
SENDER: Final = "worker-emails"
POOLED: Final = (SENDER, "fake_sendgrid")
"""Both ends of the connections over which mails are sent, of which there are more once many were on their way."""
SENDS_IN_FLIGHT: Final = 32
CACHES_FILES: Final = "postgres"
"""Keeps files of tables open on purpose (max_files_per_process), so its connections are compared instead."""
WARM_AFTER_S: Final = 300.0
"""In a shorter run memory still warms up, and its growth says nothing."""

_GROWTH: Final = f"""
WITH control AS (
    SELECT program, median(fds) AS fds, median(rss_mb) AS rss_mb FROM processes
    WHERE "at" >= $1 - {WINDOW_S} AND "at" < $1 GROUP BY program
), ends AS (
    SELECT program, median(fds) AS fds, median(rss_mb) AS rss_mb, coalesce(median(processes), 1) AS processes
    FROM processes WHERE "at" > (SELECT max("at") FROM processes) - {WINDOW_S} GROUP BY program
)
SELECT program, c.fds, e.fds,
       c.fds * {GROWTH} + {SPARE_FDS} * e.processes
       + CASE WHEN program IN ({quoted(POOLED)}) THEN $2 * (
             SELECT coalesce(max(processes), 0) FROM ends WHERE program = '{SENDER}') ELSE 0 END AS most_fds,
       c.rss_mb, e.rss_mb, c.rss_mb * {GROWTH} + {SPARE_RSS_MB} * e.processes AS most_rss_mb
FROM control c JOIN ends e USING (program) ORDER BY program
"""  # noqa: S608  # numbers of our own

_CONNECTIONS: Final = f"""
SELECT median(connections) FILTER (WHERE "at" >= $1 - {WINDOW_S} AND "at" < $1) AS before,
       median(connections) FILTER (WHERE "at" > (SELECT max("at") FROM samples) - {WINDOW_S}) AS after
FROM samples
"""  # noqa: S608  # numbers of our own


@invariant(
    "I15",
    "clean_quiescence",
    promise="At rest no message waits, no transaction is open, and nothing holds more than before the fault.",
    sources=(RUN, HISTORY, PROCESSES, SAMPLES),
)
def check_quiescence(run: Run) -> Finding:
    """The state at rest, and each program's medians of the last 10 s against the 10 s before the first fault.

    An experiment is too short for the latter: its pools are still filling when the fault comes.
    """
    expected = expected_of(run)
    held_before = int(run.facts.get("unacked_before") or 0)
    held = held_before + (0 if expected is None else expected.unacked)
    left = _left_over(run.fact("quiescence"), unacked=held)
    if expected is not None:
        says = "; ".join(left) or "nothing waits; growth is not judged in an experiment"
        return Finding(status=Status.MISSED if left else Status.MET, says=says, evidence=tuple(left))
    windows = fault_windows(run)
    grown, programs, warm = _growth(run, windows[0].injected_at) if windows else ([], 0, False)
    wrong = left + grown + (_connections(run, windows[0].injected_at) if windows else [])
    if not wrong and not programs:
        return unknown("nothing waits, but no program was sampled before a fault, so growth can't be judged")
    measure = Measure(
        value=float(len(wrong)),
        unit="leftovers",
        objective="none",
        threshold=0.0,
        n=programs,
        method="programs compared: descriptors" + (" and memory" if warm else "; memory not, the run is under 5 min"),
    )
    compared = f"descriptors{' and memory' if warm else ''} of {programs} programs as before the fault"
    note = "" if warm else "; memory is not judged in a run under 5 min"
    says = "; ".join(wrong[:5]) if wrong else f"nothing waits, {compared}{note}"
    return Finding(status=Status.MISSED if wrong else Status.MET, says=says, measure=measure, evidence=tuple(wrong))


def _left_over(quiescence: dict[str, Any], *, unacked: int) -> list[str]:
    queues = quiescence["queues"]
    counts = {f"queue {name}": count for name, count in queues.items()} | {
        "unacked messages": max(0, (quiescence["unacked"] or 0) - unacked),
        "transactions idle": quiescence["idle_in_transaction"],
        "posts not applied": quiescence["waiting_inbox"],
    }
    return [f"{what}: {count}" for what, count in counts.items() if count]


def _connections(run: Run, control_at: float) -> list[str]:
    before, after = run.one(_CONNECTIONS, [control_at], uses=(SAMPLES,))
    if before is None or after is None or after <= before * GROWTH + SPARE_CONNECTIONS:
        return []
    return [f"PostgreSQL: {before:g} connections before, {after:g} at the end"]


def _growth(run: Run, control_at: float) -> tuple[list[str], int, bool]:
    """What has grown, how many programs were compared, and whether their memory was judged too."""
    in_flight = run.setting("sends_in_flight", default=SENDS_IN_FLIGHT)
    rows = run.rows(_GROWTH, [control_at, in_flight], uses=(PROCESSES,))
    (took_s,) = run.one("""SELECT coalesce(max("at") - min("at"), 0) FROM processes""", uses=(PROCESSES,))
    warm = took_s >= WARM_AFTER_S
    grown = [
        f"{program}: {before:g} descriptors before, {after:g} at the end"
        for program, before, after, most, *_ in rows
        if after > most and program != CACHES_FILES
    ]
    if warm:
        grown += [
            f"{program}: {before:.0f} MB before, {after:.0f} MB at the end"
            for program, *_, before, after, most in rows
            if after > most
        ]
    return grown, len(rows), warm
