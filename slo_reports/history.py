"""What is remembered of every judged run: one line each in `history.jsonl`; judging a run again replaces its line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from slo_reports.quantities import numbers

if TYPE_CHECKING:
    from slo_reports.tables import Run
    from slo_reports.verdict import ExitCode

PATH: Final = Path(__file__).with_name("history.jsonl")
TREND_RUNS: Final = 10


@dataclass(kw_only=True)
class History:
    """The lines that could be read, oldest run first, and what is wrong with the others."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """As they stand in the file: they are kept, whoever broke them may mend them."""
    warnings: list[str] = field(default_factory=list)


def read(path: Path = PATH) -> History:
    """A file that is not there is an empty history."""
    history = History()
    texts = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        line = _parsed(text)
        if line is None:
            history.unreadable.append(text)
            history.warnings.append(f"{path.name} line {number} is no run: correct or delete it")
        else:
            history.lines.append(line)
    return history


def remember(line: dict[str, Any], *, path: Path = PATH) -> History:
    """Add a run's line, or replace the one it has; written wholly or not at all. Returns the history after that."""
    history = read(path)
    kept = [other for other in history.lines if other["run_id"] != line["run_id"]]
    history.lines = sorted([*kept, line], key=lambda each: (str(each.get("started")), each["run_id"]))
    texts = [*history.unreadable, *(json.dumps(each, sort_keys=True) for each in history.lines)]
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text("\n".join(texts) + "\n", encoding="utf-8")
    draft.replace(path)
    return history


def line_of(run: Run, code: ExitCode) -> dict[str, Any]:
    """What is remembered of a run."""
    facts = run.facts
    git = facts.get("git") or {}
    return {
        "run_id": str(facts.get("run_id", run.folder.path.name)),
        "profile": facts.get("profile"),
        "started": facts.get("started"),
        "git_sha": git.get("sha"),
        "git_dirty": git.get("dirty"),
        "verdict": code.name.lower(),
        "exit_code": int(code),
        "numbers": numbers(run),
    }


def trend(history: History, *, profile: str | None, until: str | None = None) -> list[dict[str, Any]]:
    """The last ten runs of a profile, oldest first; up to and with the run of that id."""
    same = [line for line in history.lines if line.get("profile") == profile]
    places = [place for place, line in enumerate(same) if line["run_id"] == until]
    return same[: places[0] + 1 if places else len(same)][-TREND_RUNS:]


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and isinstance(line.get("run_id"), str) else None
