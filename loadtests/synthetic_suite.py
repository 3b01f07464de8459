"""Writes a believable `suite.json` without any service: experiments of every outcome, mutants, and a soak.

python -m loadtests.synthetic_suite --folder DIR
"""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from loadtests.synthetic_run import START_AT, write_run
from slo_reports.run_folder import HISTORY, RunFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

Facts = dict[str, Any]

RUN_USERS: Final = 2_000
NUMBERS: Final[Facts] = {
    "accepted": 979, "duplicates": 0, "failed": 0, "indeterminate": 0, "unexplained": 0, "amplification": 1.0,
    "attempts": 40, "took_s": 18.4, "ended_after_healing_s": None, "first_accept_s": None, "full_rate_s": None,
    "effects": 0,
}  # fmt: skip
HEALED: Final[Facts] = {
    **NUMBERS, "amplification": 1.012, "took_s": 30.9, "ended_after_healing_s": 12.6, "first_accept_s": 0.412,
    "full_rate_s": 0.9, "effects": 17,
}  # fmt: skip


def an_experiment(name: str = "redis-flushed", fault: str = "F09", outcome: str = "held", **changes: Any) -> Facts:
    """One that held, unless `changes` say otherwise."""
    carried_out = outcome not in ("skipped", "not run")
    return {
        "name": name,
        "fault": fault,
        "rank": "P0",
        "title": "FLUSHALL",
        "loses": "Everybody whose task was in the queue would get no mail, and nobody would know.",
        "why": "Redis is disposable: PostgreSQL is the queue of record, and a sweep puts back what is due.",
        "notices": "Nothing: mails come a few seconds later.",
        "dependency": "Redis",
        "trouble": "losing data",
        "invariants": ["I1", "I2", "I3", "I12", "I17"],
        "expected": {
            "failed": 0,
            "indeterminate": 0,
            "first_accept_s": 5.0,
            "full_rate_s": 5.0,
            "operator_actions": 0,
        },
        "ended_within_s": 90.0,
        "source": f"chaos/experiments/{fault.lower()}_{name.replace('-', '_')}.py",
        "outcome": outcome,
        "reason": "" if outcome == "held" else "I3 total_and_explained: 3 jobs are still ready",
        "run": name if carried_out else None,
        "faults": [a_fault(fault, name)] if carried_out else [],
        "verdicts": [a_verdict("I1", "one_mail_per_user_week"), a_verdict("I17", "fault_really_happened")],
        "numbers": dict(HEALED) if carried_out else {},
        **changes,
    }


def a_fault(fault: str = "F09", name: str = "flushed") -> Facts:
    """One that was in force for two seconds."""
    return {
        "fault": fault,
        "name": name,
        "injected_at": START_AT + 8,
        "ends_at": START_AT + 10,
        "healed_at": START_AT + 10.2,
        "observed": 17,
        "how": "times the keyspace was found empty",
    }


def a_verdict(number: str, name: str, status: str = "met", says: str = "0 of 979 break it") -> Facts:
    """With evidence when it is missed."""
    evidence = [f"user {user}" for user in range(1, 8)] if status == "missed" else []
    return {"id": number, "name": name, "status": status, "says": says, "evidence": evidence}


def a_mutant(name: str, title: str, expected: Sequence[str], caught: Sequence[str], **changes: Any) -> Facts:
    """Caught when exactly the expected invariants turned red."""
    outcome = "caught" if set(expected) == set(caught) else "wrong" if caught else "survived"
    told = {"name": name, "title": title, "expected": list(expected), "caught": list(caught), "outcome": outcome}
    return {**told, "experiment": "provider-hangs", "reason": "", **changes}


def a_cycle(number: int, outcome: str = "held", **changes: Any) -> Facts:
    """One of a soak."""
    steps = ["at 20 %: F04 reset workers-provider for 4 s", "at 45 %: F07 kill worker-emails", "heal all"]
    told = {"number": number, "seed": 100 + number, "run": f"cycle-{number}", "outcome": outcome, "steps": steps}
    return {**told, "reason": "" if outcome == "held" else "I1: 1 duplicate", "numbers": dict(HEALED), **changes}


def a_suite(*experiments: Facts, **changes: Any) -> Facts:
    """A finished one; of `control` alone, unless experiments are given."""
    return {
        "schema": "steadypost-chaos/1",
        "run_id": "20261121-150000-chaos",
        "command": "make chaos SEED=1",
        "seed": 1,
        "users": 1_000,
        "state": "finished",
        "started": "2026-11-21T15:00:00+00:00",
        "finished": "2026-11-21T15:14:12+00:00",
        "git": {"sha": "45cbfd4e12f44a1b9ad3f3d4b6a8c1d2e3f40516", "dirty": False},
        "environment": {"cores": 2, "cpu_model": "none: this suite is synthetic", "redis": {"version": "7.0.15"}},
        "control": "control",
        "experiments": [the_control(), *experiments],
        "uncovered": [],
        "mutants": [],
        "soak": None,
        **changes,
    }


def the_control() -> Facts:
    """The run without a fault."""
    told = {"title": "No fault", "dependency": "operator", "trouble": "none", "notices": "Nothing."}
    loses = "Everything: a campaign that is not disturbed would not come out right."
    return an_experiment("control", "F00", **told, loses=loses, faults=[], numbers=dict(NUMBERS))


def every_outcome() -> Facts:
    """Experiments of every outcome, with uncovered rows, mutants and a soak of which a cycle broke."""
    refuses = {"title": "SendGrid refuses every connection", "dependency": "provider", "trouble": "down"}
    killed = {"title": "An email worker is killed after its intent", "dependency": "our processes", "trouble": "down"}
    limits = {"failed": 0, "indeterminate": 25, "first_accept_s": 5.0, "full_rate_s": None, "operator_actions": 0}
    broken = a_verdict("I1", "one_mail_per_user_week", "missed", "7 users have more than one mail")
    return a_suite(
        an_experiment("provider-refuses", "F01", **refuses),
        an_experiment("killed-after-intent", "F07", **killed, expected=limits,
                      numbers={**HEALED, "indeterminate": 19, "effects": 1}),
        an_experiment(),
        an_experiment("redis-killed", "F10", "broken", title="Redis is killed", trouble="down", verdicts=[broken],
                      reason="I1: 7 users have more than one mail",
                      numbers={**HEALED, "duplicates": 7, "full_rate_s": 9.1}),
        an_experiment("two-beats", "F14", "inconclusive", title="Two beats", dependency="our processes",
                      trouble="lying", reason="I17 fault_really_happened: no effect was observed"),
        an_experiment("disk-full", "F28", "skipped", title="The disk is full", dependency="machine", trouble="down",
                      reason="this user may not make mount namespaces"),
        an_experiment("redis-slow", "F25", "not run", title="Redis answers late", trouble="slow",
                      reason="the 15 minutes were over"),
        uncovered=[{"fault": "F43", "title": "PostgreSQL fails over and loses commits",
                    "reason": "not survivable: documented in docs/decisions/"}],
        mutants=some_mutants(),
        soak={"minutes": 60.0, "seed": 1, "faults": 112, "shrunk": ["at 20 %: F07 kill worker-emails", "heal all"],
              "cycles": [*map(a_cycle, range(1, 9)), a_cycle(9, "broken"), *map(a_cycle, range(10, 15))]},
    )  # fmt: skip


def some_mutants() -> list[Facts]:
    """One of each outcome."""
    return [
        a_mutant("M1", "A read timeout is tried again", ["I1"], ["I1"]),
        a_mutant("M3", "The intent is committed after the request", ["I1", "I8"], ["I8"]),
        a_mutant("M6", "The signature is not checked", ["I7"], [], reason="I7 stayed green"),
        a_mutant("M7", "The last webhook event wins", ["I5", "I6"], ["I5", "I6"]),
        a_mutant("M12", "The injector does nothing", ["I17"], [], outcome="not run", reason="no time was left"),
    ]


def write_suite(folder: Path, facts: Facts, *, with_runs: Sequence[str] = ()) -> Path:
    """Write `suite.json`, and run folders for the experiments that are named; their faults are the runs' own."""
    folder.mkdir(parents=True, exist_ok=True)
    experiments = [
        {**each, "faults": _recorded(folder / each["run"], each["fault"])} if each["name"] in with_runs else each
        for each in facts["experiments"]
    ]
    (folder / "suite.json").write_text(json.dumps({**facts, "experiments": experiments}), encoding="utf-8")
    return folder


def _recorded(folder: Path, fault: str) -> list[Facts]:
    run = RunFolder(folder)
    write_run(run, users=RUN_USERS)
    at = {(line["f"], line["type"]): line["at"] for line in run.lines(HISTORY) if line["actor"] == "nemesis"}
    times = {"injected_at": at["inject", "ok"], "ends_at": at["heal", "invoke"], "healed_at": at["heal", "ok"]}
    return [{**a_fault(fault), **times}]


def main(
    *, folder: Annotated[Path, typer.Option(help="Folder to write; files of the same names are replaced.")]
) -> None:
    """Write a synthetic suite of every outcome."""
    write_suite(folder, every_outcome(), with_runs=("provider-refuses", "redis-flushed"))
    print(folder)


if __name__ == "__main__":
    typer.run(main)
