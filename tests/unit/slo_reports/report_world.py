"""A literal run of four jobs with an outage, and verdicts on it, as the report's tests need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from slo_reports.verdict import Kind, Measure, Status, Verdict

if TYPE_CHECKING:
    from pathlib import Path

START = 1_795_250_000.0

FACTS: dict[str, Any] = {
    "run_id": "literal-run",
    "profile": "smoke",
    "state": "finished",
    "mode": {"kind": "compressed", "compression": 50.0, "users": 4, "outage_s": 20.0, "deadline_s": 144.0},
    "seed": 7,
    "command": "make slo-test PROFILE=smoke SEED=7",
    "started": "2026-11-21T08:33:00+00:00",
    "finished": "2026-11-21T08:34:30+00:00",
    "campaign": {"id": 1, "newsletter": "weekly", "week_key": "2026-W47", "audience_users": 4, "mails_per_s": 2.0},
    "git": {"sha": "24bfe56c96a98f5db3ac4188b3043be8ae7148d7", "dirty": False},
    "settings": {"DATABASE_URL": "**********", "BATCH_JOBS": 500},
    "durations": [
        {"name": "outage_s", "production": 600, "here": 20, "scaled": True},
        {"name": "probe_interval_s", "production": 1, "here": 1, "scaled": False},
    ],
    "environment": {"cores": 2, "noise": {"before": {"spread": 0.02}, "after": {"spread": 0.03}}},
}


def receipt(job: int, *, at: float, campaign: int = 1) -> dict[str, Any]:
    return {
        "seq": job,
        "kind": "accepted",
        "received_at": START + at,
        "campaign_id": campaign,
        "user_id": job,
        "job_id": job,
        "message_id": f"m{job}",
    }


def job(number: int, status: str = "delivered", reason: str | None = None) -> dict[str, Any]:
    return {"job_id": number, "user_id": number, "status": status, "reason": reason}


def move(f: str, kind: str, *, at: float, **value: Any) -> dict[str, Any]:
    fault = {"fault": "F01", "name": "provider_outage", **value}
    return {"at": START + at, "actor": "nemesis", "type": kind, "f": f, "value": fault, "error": None}


def done(f: str, kind: str, *, at: float, actor: str = "harness") -> dict[str, Any]:
    return {"at": START + at, "actor": actor, "type": kind, "f": f, "value": {}, "error": None}


def post(n: int, *, due: float, took_ms: float, late_ms: float = 1.0, **other: Any) -> dict[str, Any]:
    due_at = START + due
    return {
        "n": n,
        "user": "provider",
        "stage": "hold",
        "intended_at": due_at,
        "sent_at": due_at + late_ms / 1000,
        "done_at": due_at + took_ms / 1000,
        "status": 204,
        "events": 10,
        "dropped": False,
        **other,
    }


LEDGER = [receipt(1, at=1.2), receipt(2, at=1.7), receipt(3, at=31.4), receipt(4, at=31.9)]
JOBS = [job(1), job(2), job(3, "bounced", "550 no such user"), job(4, "accepted")]
HISTORY = [
    done("start_campaign", "invoke", at=0),
    move("inject", "invoke", at=9.9, injector="fake", what="refuses connections"),
    move("inject", "ok", at=10),
    move("effect", "ok", at=20, observed=19, how="refused connections"),
    move("heal", "invoke", at=29.9),
    move("heal", "ok", at=30),
    done("campaign_ended", "ok", at=40),
]
SAMPLES = [
    {"at": START + second, "at_s": second, "jobs": {"ready": 4 - second // 10}, "breaker": "closed"}
    for second in range(40)
]
PROCESSES = [
    {"at": START + second, "program": program, "cpu_percent": cpu, "rss_mb": 90.0, "fds": 20}
    for second in range(40)
    for program, cpu in (("worker-emails", 40.0), ("postgres", 12.5))
]
REQUESTS = [post(n, due=n / 10, took_ms=10 + n % 7) for n in range(300)]
EVENTS = [
    {"sg_event_id": f"e{n}", "job_id": 1, "attempt_id": "a1", "kind": "delivered",
     "received_at": START + n, "applied_at": START + n + 0.08} for n in range(20)
]  # fmt: skip

FILES: dict[str, list[dict[str, Any]]] = {
    run_folder.LEDGER: LEDGER,
    run_folder.JOBS: JOBS,
    run_folder.HISTORY: HISTORY,
    run_folder.SAMPLES: SAMPLES,
    run_folder.PROCESSES: PROCESSES,
    run_folder.REQUESTS: REQUESTS,
    run_folder.EVENTS: EVENTS,
}


def a_folder(
    path: Path, facts: dict[str, Any] | None = None, files: dict[str, list[dict[str, Any]]] | None = None
) -> RunFolder:
    """The literal run, with other facts or other files where they are given."""
    folder = RunFolder(path / "run")
    folder.write_facts({**FACTS, **(facts or {})})
    for name, lines in {**FILES, **(files or {})}.items():
        folder.write_lines(name, lines)
    folder.seal()
    return folder


def objective(status: Status = Status.MET, says: str = "2 of 400 failed", **other: Any) -> Verdict:
    measure = Measure(
        value=0.005, unit="share", objective="< 1 %", threshold=0.01, interval=(0.0014, 0.0181), n=400, budget_left=0.5
    )
    return Verdict(**{
        "id": "S1", "name": "final_failures", "kind": Kind.OBJECTIVE, "status": status, "says": says,
        "measure": measure, "sources": (run_folder.JOBS,), **other,
    })  # fmt: skip


def invariant(
    number: int = 1, status: Status = Status.MET, says: str = "0 of 4 users got two mails", **other: Any
) -> Verdict:
    return Verdict(**{
        "id": f"I{number}", "name": "one_mail_per_user_week", "kind": Kind.INVARIANT, "status": status, "says": says,
        "promise": "At most one mail for each user and week.", "sources": (run_folder.LEDGER,), **other,
    })  # fmt: skip


VERDICTS = [objective(), invariant()]
