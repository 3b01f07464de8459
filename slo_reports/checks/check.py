"""What a check is: a rule with its names, and a pure function from a run to what was found of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slo_reports.intervals import rule_of_three, wilson
from slo_reports.run_folder import UnreadableRunError
from slo_reports.verdict import Kind, Measure, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from slo_reports.tables import Run

MOST_EVIDENCE: Final = 50


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check has found in a run."""

    status: Status
    says: str
    measure: Measure | None = None
    evidence: tuple[str, ...] = ()
    stands: bool = False
    """A broken rule that no further recording could mend: it holds of an incomplete run too."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule; calling it never raises, and whatever goes wrong makes its verdict unknown."""

    id: str
    name: str
    kind: Kind
    promise: str
    sources: tuple[str, ...]
    find: Callable[[Run], Finding]

    def __call__(self, run: Run) -> Verdict:
        """The verdict on a run: of an incomplete or damaged one, met is not possible."""
        flaw = None
        try:
            with run.salvaged():
                flaw = run.flaw(self.sources)
                finding = self.find(run)
        except UnreadableRunError as exc:
            return self.unknown(flaw or str(exc))
        except Exception as exc:  # noqa: BLE001  # whatever breaks a check, the run is not proven
            return self.unknown(flaw or f"the check failed: {type(exc).__name__}: {exc}")
        if flaw is None or (finding.stands and finding.status is Status.MISSED):
            return self._verdict(finding)
        return self.unknown(flaw)

    def unknown(self, why: str) -> Verdict:
        """The verdict when the rule could not be looked at."""
        return self._verdict(Finding(status=Status.UNKNOWN, says=why))

    def _verdict(self, finding: Finding) -> Verdict:
        return Verdict(
            id=self.id,
            name=self.name,
            kind=self.kind,
            promise=self.promise,
            status=finding.status,
            says=finding.says,
            measure=finding.measure,
            evidence=finding.evidence[:MOST_EVIDENCE],
            sources=self.sources,
        )


def invariant(
    number: str, name: str, *, promise: str, sources: tuple[str, ...]
) -> Callable[[Callable[[Run], Finding]], Check]:
    """Makes a check of a function; one violation breaks its rule."""
    return lambda find: Check(id=number, name=name, kind=Kind.INVARIANT, promise=promise, sources=sources, find=find)


def objective(
    number: str, name: str, *, promise: str, sources: tuple[str, ...]
) -> Callable[[Callable[[Run], Finding]], Check]:
    """Makes a check of a function; its rule has a budget."""
    return lambda find: Check(id=number, name=name, kind=Kind.OBJECTIVE, promise=promise, sources=sources, find=find)


def unknown(why: str, *, measure: Measure | None = None) -> Finding:
    """Nothing can be said, and why."""
    return Finding(status=Status.UNKNOWN, says=why, measure=measure)


def zero_tolerance(
    *, found: int, n: int, unit: str, says: str, evidence: Iterable[str] = (), stands: bool = True
) -> Finding:
    """Met when none of n breaks the rule; unknown when there was nothing to look at."""
    if not n:
        return unknown(f"there are no {unit} to look at")
    # One of them may break the rule in several ways; a share has no more than all of them.
    broken = min(found, n)
    measure = Measure(
        value=broken / n,
        unit="share",
        objective=f"no {unit}",
        threshold=0.0,
        interval=wilson(broken, n) if found else rule_of_three(n),
        n=n,
        method=f"{found:,} of {n:,} {unit} break the rule; " + ("Wilson" if found else "zero found: 3/N") + ", 95 %",
    )
    status = Status.MISSED if found else Status.MET
    return Finding(status=status, says=says, measure=measure, evidence=tuple(evidence), stands=stands)
