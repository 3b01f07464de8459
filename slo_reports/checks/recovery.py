"""I12 and S5: after an outage the system comes back by itself, at once, and finishes its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, objective, unknown
from slo_reports.checks.lifecycle import ENDS, quoted
from slo_reports.expected import expected_of
from slo_reports.recovery import FIRST_ACCEPT_S, FULL_RATE, FULL_RATE_S, Recovery, recoveries
from slo_reports.run_folder import HISTORY, JOBS, LEDGER, RUN
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from slo_reports.tables import Run

_OPERATOR: Final = """SELECT f, "at" FROM history WHERE actor = 'operator' ORDER BY "at" LIMIT 20"""


@dataclass(frozen=True)
class _Limits:
    """How soon after healing the first mail and the full rate must be seen; None is not judged."""

    first_accept_s: float = FIRST_ACCEPT_S
    full_rate_s: float | None = FULL_RATE_S


_USUAL: Final = _Limits()

# A job in work is on its way only under a lease that still holds, or with a next attempt still to come.
_LEFT: Final = f"""
SELECT job_id, status, coalesce(lease_until > $1 OR next_attempt_at > $1, false) AS on_its_way, count(*) OVER () AS n
FROM jobs WHERE status NOT IN ({quoted(ENDS)}) ORDER BY on_its_way, job_id LIMIT 20
"""  # noqa: S608  # words of our own


@invariant(
    "I12",
    "self_recovery",
    promise=f"After an outage the first mail is accepted within {FIRST_ACCEPT_S:g} s, {FULL_RATE:.0%} of the limit is "
    f"used within {FULL_RATE_S:g} s, every job ends, and nobody has to do anything.",
    sources=(RUN, HISTORY, LEDGER, JOBS),
)
def check_recovery(run: Run) -> Finding:
    """From the end of healing, by the provider's receipts; operations of a person stand in the history.

    An experiment names the limits for its own fault; one without a fault shows that every job ends by itself.
    """
    expected = expected_of(run)
    # An experiment's rate is an objective of its own, X3.
    limits = _USUAL if expected is None else _Limits(expected.first_accept_s, None)
    found = recoveries(run, limit=float(run.fact("campaign", "mails_per_s")), of_all=expected is not None)
    slow = [line for recovery in found for line in (*_first_accept(recovery, limits), *_full_rate(recovery, limits))]
    by_hand = _by_hand(run)[0 if expected is None else expected.operator_actions :]
    wrong = slow + by_hand + _left_behind(run)
    shows_nothing = _shows_nothing(found)
    if expected is None and shows_nothing and (not found or not wrong):
        return unknown(shows_nothing)
    says = "; ".join(wrong[:3]) if wrong else f"{_told(found)}no operator, every job has ended{_few(found)}"
    status = Status.MISSED if wrong else Status.MET
    return Finding(status=status, says=says, measure=_slowest(found, limits), evidence=tuple(wrong))


def _shows_nothing(found: list[Recovery]) -> str | None:
    if not found:
        return "there was no outage that was healed, so nothing is shown about recovery"
    if all(recovery.first_accept_s is None for recovery in found):
        return "no mail was left after the outage to show a recovery"
    return None


def _few(found: list[Recovery]) -> str:
    return "" if all(r.enough_left for r in found) else "; too few mails were left to judge the rate"


def _slowest(found: list[Recovery], limits: _Limits) -> Measure | None:
    slowest = max((r.first_accept_s for r in found if r.first_accept_s is not None), default=None)
    if slowest is None:
        return None
    return Measure(
        value=slowest,
        unit="s",
        objective=f"≤ {limits.first_accept_s:g} s",
        threshold=limits.first_accept_s,
        n=len(found),
        method="from the end of healing to the first acceptance; the slowest of all faults",
    )


@objective(
    "S5",
    "outage-recovery",
    promise=f"{FULL_RATE:.0%} of the provider's limit is used again within {FULL_RATE_S:g} s after an outage.",
    sources=(RUN, HISTORY, LEDGER),
)
def check_full_rate(run: Run) -> Finding:
    """The beginning of the first five seconds at full rate, counted from the end of healing."""
    limit = float(run.fact("campaign", "mails_per_s"))
    found = recoveries(run, limit=limit)
    if not found or not all(recovery.enough_left for recovery in found):
        told = _told(found).removesuffix("; ")
        why = f"too few mails were left: {told}" if found else "there was no outage that was healed"
        return unknown(f"{why}, so no rate after an outage can be judged")
    slow = [line for recovery in found for line in _full_rate(recovery, _USUAL)]
    known = [r.full_rate_s for r in found if r.full_rate_s is not None]
    measure = None if len(known) < len(found) else Measure(
        value=max(known),
        unit="s",
        objective=f"≤ {FULL_RATE_S:g} s to {FULL_RATE:.0%} of {limit:g} mails/s",
        threshold=FULL_RATE_S,
        n=len(found),
        method="from the end of healing to the first 5 s at full rate; the slowest of all outages",
        budget_left=1 - max(known) / FULL_RATE_S,
    )  # fmt: skip
    status = Status.MISSED if slow else Status.MET
    return Finding(status=status, says=_told(found).removesuffix("; "), measure=measure, evidence=tuple(slow))


def _told(found: list[Recovery]) -> str:
    return "".join(
        f"first mail {_seconds(r.first_accept_s)}, full rate {_seconds(r.full_rate_s)} after {r.fault}, "
        f"best 5 s in time {r.best_rate:.1f} mails/s; "
        for r in found
    )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"


def _first_accept(recovery: Recovery, limits: _Limits) -> list[str]:
    if recovery.first_accept_s is None or recovery.first_accept_s <= limits.first_accept_s:
        return []
    return [f"first mail {recovery.first_accept_s:.2f} s after {recovery.fault}, limit {limits.first_accept_s:g} s"]


def _full_rate(recovery: Recovery, limits: _Limits) -> list[str]:
    if limits.full_rate_s is None or not recovery.enough_left:
        return []
    if recovery.full_rate_s is not None and recovery.full_rate_s <= limits.full_rate_s:
        return []
    return [f"full rate {_seconds(recovery.full_rate_s)} after {recovery.fault}, limit {limits.full_rate_s:g} s"]


def _by_hand(run: Run) -> list[str]:
    return [f"an operator did {f} at {at:.3f}" for f, at in run.rows(_OPERATOR, uses=(HISTORY,))]


def _left_behind(run: Run) -> list[str]:
    (last_at,) = run.one("""SELECT max("at") FROM history""", uses=(HISTORY,))
    rows = run.rows(_LEFT, [last_at], uses=(JOBS,))
    return [
        f"job {job} is still {status}" + ("" if on_its_way else ", and nothing will move it")
        for job, status, on_its_way, _ in rows
    ]
