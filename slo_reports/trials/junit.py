"""`junit.xml` of a suite: one test case per experiment, mutant and cycle of the soak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slo_reports.report.junit import xml_of
from slo_reports.trials.conclusion import tone_of
from slo_reports.trials.filled import reason_of
from slo_reports.trials.rows import costs_of, recovery_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slo_reports.report.junit import Case
    from slo_reports.trials.rows import Experiment


def junit_of(suite: Mapping[str, Any]) -> bytes:
    """Broken is a failure; skipped, inconclusive and not run are skipped; all of them say why."""
    provenance = {**suite, "git_sha": suite["git"].get("sha"), "git_dirty": suite["git"].get("dirty")}
    soak = suite["soak"] or {"cycles": []}
    suites = {
        "experiments": [_of_experiment(each) for each in suite["experiments"]],
        "mutants": [_of_mutant(each) for each in suite["mutants"]],
        "soak": [_of_cycle(each) for each in soak["cycles"]],
    }
    told = ("users", "seed", "git_sha", "git_dirty", "command")
    return xml_of(suites, provenance=provenance, told=told)


def _of_experiment(experiment: Experiment) -> Case:
    told = [
        f"{cost.name}: {cost.value} (at most {cost.most})"
        for cost in (*costs_of(experiment), *recovery_of(experiment))
        if cost.value is not None
    ]
    verdicts = [f"{each['id']} {each['name']}: {each['status']}, {each['says']}" for each in experiment["verdicts"]]
    evidence = [one for each in experiment["verdicts"] if each["status"] == "missed" for one in each["evidence"]]
    details = "\n".join([experiment["loses"], *told, *verdicts, *evidence])
    return _case(f"{experiment['fault']} {experiment['name']}", experiment, details)


def _of_mutant(mutant: Mapping[str, Any]) -> Case:
    details = f"expected {', '.join(mutant['expected']) or 'none'}; caught by {', '.join(mutant['caught']) or 'none'}"
    return _case(f"{mutant['name']} {mutant['title']}", mutant, details)


def _of_cycle(cycle: Mapping[str, Any]) -> Case:
    return _case(f"cycle {cycle['number']}", cycle, "\n".join([f"seed {cycle['seed']}", *cycle["steps"]]))


def _case(name: str, row: Mapping[str, Any], details: str) -> Case:
    tone, outcome = tone_of(row["outcome"]), row["outcome"]
    status = "unknown" if tone == "skipped" else tone
    message = "" if tone == "met" else f"{outcome}: {reason_of(row)}"
    return name, status, message, details
