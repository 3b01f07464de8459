"""Which faults were injected, whether they bit, when they healed, and how fast sending came back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from slo_reports import run_folder
from slo_reports.recovery import Recovery, recoveries
from slo_reports.report.contents.missing import expect
from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.report.contents.clock import RunClock
    from slo_reports.tables import Run

SAME_S: Final = 0.01

Injection = dict[str, Any]


def faults_of(run: Run, clock: RunClock) -> list[Injection]:
    """One entry per injection, in the order of time; times in seconds since the campaign's start."""
    injections: list[Injection] = []
    for at, kind, f, value, error in _nemesis(run):
        seen = json.loads(value) if value else {}
        _STEPS.get((f, kind), _ignore)(injections, clock.since_start_s(at), seen, error)
    known = _recoveries(run)
    for injection in injections:
        injection["recovery"] = _recovery(run, clock, injection, known)
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


def _recovery(run: Run, clock: RunClock, injection: Injection, known: Sequence[Recovery]) -> dict[str, Any] | None:
    """Seconds after healing; only an outage of the provider has a first mail and a full rate to come back to."""
    if not injection["healed"] or injection["from_s"] is None:
        return None
    from_at, to_at = (clock.zero_at + injection[key] for key in ("from_s", "to_s"))
    found = next((each for each in known if abs(each.healed_at - to_at) < SAME_S), None)
    return {
        "accepted_during": _accepted_during(run, from_at, to_at),
        "first_accept_s": _rounded(found.first_accept_s if found else None),
        "full_rate_s": _rounded(found.full_rate_s if found else None),
    }


def _recoveries(run: Run) -> Sequence[Recovery]:
    """None without receipts, or without a limit to come back to."""
    try:
        expect(run, run_folder.LEDGER)
        return recoveries(run, limit=float(run.fact("campaign", "mails_per_s")))
    except UnreadableRunError:
        return ()


def _accepted_during(run: Run, from_at: float, to_at: float) -> int | None:
    try:
        expect(run, run_folder.LEDGER)
    except UnreadableRunError:
        return None
    (mails,) = run.one(
        "SELECT count(*) FROM ledger WHERE kind = 'accepted' AND received_at >= ? AND received_at < ?",
        [from_at, to_at],
        uses=[run_folder.LEDGER],
    )
    return int(mails)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
