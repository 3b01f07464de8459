"""What an experiment said beforehand of the fault's cost and of the recovery, as the run folder keeps it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from slo_reports.tables import Run

FACT = "experiment"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Limits of one experiment; what they mean is said in `chaos.experiment.Expected`."""

    failed: int
    indeterminate: int
    first_accept_s: float
    full_rate_s: float | None
    operator_actions: int
    bunched_mails: int
    unacked: int


def expected_of(run: Run) -> Expected | None:
    """What was expected; None when the run is no experiment."""
    if run.facts.get(FACT) is None:
        return None
    told: dict[str, Any] = run.fact(FACT, "expected")
    try:
        return Expected(**{field.name: told[field.name] for field in fields(Expected)})
    except KeyError as exc:
        raise UnreadableRunError(f"{run.folder.path / 'run.json'} has no experiment.expected.{exc.args[0]}") from None
