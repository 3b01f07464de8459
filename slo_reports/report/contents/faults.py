"""Which faults were injected, whether they bit, when they healed, and how fast sending came back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from slo_reports import run_folder
from slo_reports.report.contents.missing import expect
from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from slo_reports.report.contents.clock import RunClock
    from slo_reports.tables import Run

FULL_RATE: Final = 0.95

Injection = dict[str, Any]


def faults_of(run: Run, clock: RunClock) -> list[Injection]:
    """One entry per injection, in the order of time; times in seconds since the campaign's start."""
    injections: list[Injection] = []
    for at, kind, f, value, error in _nemesis(run):
        seen = json.loads(value) if value else {}
        _STEPS.get((f, kind), _ignore)(injections, clock.since_start_s(at), seen, error)
    for injection in injections:
        injection["recovery"] = _recovery(run, clock, injection)
    return injections


def _nemesis(run: Run) -> list[tuple[Any, ...]]:
    return run.rows(
        'SELECT "at", type, f, value, error FROM history WHERE actor = \'nemesis\' ORDER BY "at"',
        uses=[run_folder.HISTORY],
    )


def _inject(injections: list[Injection], at_s: float | None, seen: dict[str, Any], _error: str | None) -> None:
    injections.append({
        "fault": str(seen.get("fault") or "?"),
        "name": str(seen.get("name") or ""),
        "injector": seen.get("injector"),
        "what": seen.get("what"),
        "from_s": at_s,
        "to_s": None,
        "injected": False,
        "healed": False,
        "effects": [],
        "error": None,
    })  # fmt: skip


def _injected(injections: list[Injection], at_s: float | None, seen: dict[str, Any], error: str | None) -> None:
    if _latest(injections, seen) is None:
        _inject(injections, at_s, seen, error)
    _change(injections, seen, from_s=at_s, injected=True)


def _not_injected(injections: list[Injection], _at_s: float | None, seen: dict[str, Any], error: str | None) -> None:
    _change(injections, seen, error=error or "could not be injected")


def _effect(injections: list[Injection], at_s: float | None, seen: dict[str, Any], _error: str | None) -> None:
    if injection := _latest(injections, seen):
        effect = {"at_s": at_s, "observed": seen.get("observed"), "how": seen.get("how")}
        injection["effects"].append(effect)


def _heal(injections: list[Injection], at_s: float | None, seen: dict[str, Any], _error: str | None) -> None:
    _change(injections, seen, to_s=at_s)


def _healed(injections: list[Injection], at_s: float | None, seen: dict[str, Any], _error: str | None) -> None:
    _change(injections, seen, to_s=at_s, healed=True)


def _not_healed(injections: list[Injection], _at_s: float | None, seen: dict[str, Any], error: str | None) -> None:
    _change(injections, seen, error=error or "could not be healed")


def _ignore(*_: Any) -> None:
    """A step that this version does not know."""


_STEPS: Final = {
    ("inject", "invoke"): _inject,
    ("inject", "ok"): _injected,
    ("inject", "fail"): _not_injected,
    ("inject", "info"): _not_injected,
    ("effect", "ok"): _effect,
    ("heal", "invoke"): _heal,
    ("heal", "ok"): _healed,
    ("heal", "fail"): _not_healed,
    ("heal", "info"): _not_healed,
}


def _latest(injections: list[Injection], seen: dict[str, Any]) -> Injection | None:
    """The last injection of that fault: the same one may be injected several times."""
    same = [each for each in injections if (each["fault"], each["name"]) == (seen.get("fault"), seen.get("name"))]
    return same[-1] if same else None


def _change(injections: list[Injection], seen: dict[str, Any], **changed: Any) -> None:
    if injection := _latest(injections, seen):
        injection.update(changed)


def _recovery(run: Run, clock: RunClock, injection: Injection) -> dict[str, Any] | None:
    """Seconds after healing until the first receipt, and until a second began that held 95 % of the limit."""
    if not injection["healed"] or injection["from_s"] is None:
        return None
    try:
        expect(run, run_folder.LEDGER)
        return _receipts_around(run, clock.zero_at + injection["from_s"], clock.zero_at + injection["to_s"])
    except UnreadableRunError:
        return None


def _receipts_around(run: Run, from_at: float, to_at: float) -> dict[str, Any]:
    during, first_at = run.one(
        "SELECT count(*) FILTER (received_at >= ? AND received_at < ?), min(received_at) FILTER (received_at >= ?) "
        "FROM ledger WHERE kind = 'accepted'",
        [from_at, to_at, to_at],
        uses=[run_folder.LEDGER],
    )
    limit = (run.facts.get("campaign") or {}).get("mails_per_s")
    full_at = _full_rate_at(run, to_at, FULL_RATE * limit) if limit else None
    return {
        "accepted_during": during,
        "first_accept_s": None if first_at is None else round(first_at - to_at, 3),
        "full_rate_s": None if full_at is None else round(full_at - to_at, 3),
    }


def _full_rate_at(run: Run, healed_at: float, mails_per_s: float) -> float | None:
    (at,) = run.one(
        "SELECT min(received_at) FROM (SELECT received_at, count(*) OVER (ORDER BY received_at "
        "RANGE BETWEEN CURRENT ROW AND 0.999999 FOLLOWING) AS in_a_second FROM ledger "
        "WHERE kind = 'accepted' AND received_at >= ?) WHERE in_a_second >= ?",
        [healed_at, mails_per_s],
        uses=[run_folder.LEDGER],
    )
    return None if at is None else float(at)
