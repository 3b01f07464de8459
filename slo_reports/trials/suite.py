"""The folder of a suite of experiments: `suite.json`, and one run folder for each that was carried out.

{
  "schema": "steadypost-chaos/1",
  "run_id", "command", "seed", "users", "state" (recording | finished | interrupted), "started", "finished",
  "git", "environment"                    as in a run folder
  "control": name of the control experiment, or null
  "experiments": [{
      "name", "fault", "rank", "title", "loses", "why", "notices", "dependency", "trouble",
      "invariants": ids, "expected": {…}, "ended_within_s",
      "source": the experiment's file within the project,
      "outcome": held | slow | broken | inconclusive | skipped | not run,
      "reason": why it is not held, "" when it is,
      "run": name of its run folder beside suite.json, or null,
      "faults": [{"fault", "name", "injected_at", "ends_at", "healed_at", "observed", "how"}],
      "verdicts": [{"id", "name", "status", "says", "evidence"}],
      "numbers": {name in trials/numbers.py: value or null}
  }],
  "uncovered": [{"fault", "title", "reason"}]     rows of the matrix that no experiment shows, and why
  "mutants": [{"name", "title", "expected": ids, "caught": ids, "experiment", "reason",
               "outcome": caught | survived | wrong | not run}]
  "soak": null, or {"minutes", "seed", "cycles": [{"number", "seed", "run", "outcome", "reason", "steps": [text],
               "numbers"}], "faults", "shrunk": [text] or null}
}

Published as `schemas/suite.schema.json`, which says as well what may be left out while the suite is recorded.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from slo_reports import schemas
from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from slo_reports.trials.trial import Trial

SCHEMA: Final = "steadypost-chaos/1"
SUITE: Final = "suite.json"
MAX_OBJECTIONS: Final = 5


@dataclass(frozen=True)
class SuiteFolder:
    """One suite on disk."""

    path: Path

    def write(self, facts: Mapping[str, Any]) -> None:
        """Replace `suite.json`, wholly or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        draft = self.path / f"{SUITE}.draft"
        draft.write_text(json.dumps({**facts, "schema": SCHEMA}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(self.path / SUITE)

    def read(self) -> dict[str, Any]:
        """What `suite.json` says; UnreadableRunError when it is missing, no JSON, of another version, or not valid."""
        try:
            facts = json.loads((self.path / SUITE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise UnreadableRunError(f"{self.path / SUITE}: {exc}") from None
        if not isinstance(facts, dict) or facts.get("schema") != SCHEMA:
            raise UnreadableRunError(f"{self.path / SUITE} is no suite of schema {SCHEMA!r}. Run the experiments again")
        if found := schemas.objections(facts, schemas.SUITE):
            raise UnreadableRunError(f"{self.path / SUITE} does not fit its schema: {_told(found)}")
        return facts


def _told(found: list[schemas.Objection]) -> str:
    """The first few; a reader mends one and looks again."""
    more = len(found) - MAX_OBJECTIONS
    return "; ".join([*map(str, found[:MAX_OBJECTIONS]), *([f"and {more} more"] if more > 0 else [])])


def trial_facts(trial: Trial) -> dict[str, Any]:
    """A trial as `suite.json` keeps it."""
    return {
        "outcome": str(trial.outcome),
        "reason": trial.reason,
        "numbers": trial.numbers,
        "faults": [asdict(fault) for fault in trial.faults],
        "verdicts": [
            {
                "id": verdict.id,
                "name": verdict.name,
                "status": str(verdict.status),
                "says": verdict.says,
                "evidence": list(verdict.evidence),
            }
            for verdict in trial.verdicts
        ],
    }
