"""Several suites as one: experiments, mutants and a soak that were recorded one after the other, on one page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from slo_reports.trials.suite import SuiteFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


def join(folders: Sequence[SuiteFolder], out: Path) -> SuiteFolder:
    """Write them as one suite; of an experiment that was recorded several times, the last counts.

    Run folders stay where they are, and are linked. UnreadableRunError when one of the suites can't be read.
    """
    suites = [folder.read() for folder in folders]
    joined = SuiteFolder(out)
    joined.write({**joined_facts(suites), "run_id": out.name})
    for folder, suite in zip(folders, suites, strict=True):
        for run in _runs(suite):
            _link(folder.path / run, out / run)
    return joined


def joined_facts(suites: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of all in order of time; whatever can't be joined is that of the last."""
    ordered = sorted(suites, key=lambda suite: str(suite["started"]))
    experiments = {each["name"]: each for suite in ordered for each in suite["experiments"]}
    mutants = {each["name"]: each for suite in ordered for each in suite.get("mutants") or []}
    finished = [str(suite["finished"]) for suite in ordered if suite.get("finished")]
    return {
        **ordered[-1],
        "parts": [{"run_id": suite["run_id"], **(suite.get("git") or {})} for suite in ordered],
        "command": "; ".join(_unique(str(suite["command"]) for suite in ordered)),
        "state": "finished" if all(suite["state"] == "finished" for suite in ordered) else "interrupted",
        "started": ordered[0]["started"],
        "finished": max(finished, default=None),
        "control": next((suite["control"] for suite in reversed(ordered) if suite.get("control")), None),
        "experiments": sorted(experiments.values(), key=lambda each: str(each["fault"])),
        "mutants": sorted(mutants.values(), key=lambda each: int(str(each["name"]).lstrip("M"))),
        "soak": next((suite["soak"] for suite in reversed(ordered) if suite.get("soak")), None),
    }


def _runs(suite: Mapping[str, Any]) -> Iterator[str]:
    for each in (*suite["experiments"], *((suite.get("soak") or {}).get("cycles") or [])):
        if each.get("run"):
            yield each["run"]


def _link(run: Path, place: Path) -> None:
    if run.exists():
        place.unlink(missing_ok=True)
        place.symlink_to(os.path.relpath(run, place.parent))


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
