"""Literal runs of a few lines: every part is sane, and a test breaks the one that it is about."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from slo_reports.tables import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from slo_reports.checks.check import Check
    from slo_reports.verdict import Verdict

Line = dict[str, Any]
Lines = list[Line]

START = 1_795_250_000.0
FILES = {name.removesuffix(".jsonl").removeprefix("provider-"): name for name in run_folder.LINE_FILES}


def facts(*, users: int = 1, **changes: Any) -> Line:
    return {
        "state": "finished",
        "reason": None,
        "mode": {"kind": "compressed", "users": users, "outage_s": 20, "deadline_s": 144},
        "campaign": {
            "id": 1,
            "newsletter": "weekly",
            "week_key": "2026-W47",
            "audience_users": users,
            "mails_per_s": 100,
        },
        "load": {"offered": 1, "stages": []},
        "settings": {"STEADYPOST_FROM_EMAIL": "shop@example.com"},
        "quiescence": {"queues": {"emails": 0}, "unacked": 0, "idle_in_transaction": 0, "waiting_inbox": 0},
        **changes,
    }


def content_of(user: int) -> str:
    return hashlib.sha256(repr((user, [user, 2], "m1")).encode()).hexdigest()[:8]


def a_mail(job: int, *, at: float = 10.0, **changes: Any) -> Line:
    return {
        "seq": job,
        "kind": "accepted",
        "received_at": START + at,
        "message_id": f"m{job}",
        "campaign_id": 1,
        "user_id": job,
        "job_id": job,
        "attempt_id": f"a{job}",
        "week_key": "2026-W47",
        "content_hash": content_of(job),
        "recipient": f"r{job}",
        **changes,
    }


def a_job(job: int, status: str = "delivered", reason: str | None = None, **changes: Any) -> Line:
    return {
        "job_id": job,
        "user_id": job,
        "status": status,
        "reason": reason,
        "attempt_id": f"a{job}",
        "product_ids": [job, 2],
        "model_version": "m1",
        "recipient": f"r{job}",
        "suppressed_at": None,
        "created_at": START,
        "lease_until": None,
        "next_attempt_at": START,
        **changes,
    }


def an_attempt(job: int, *, at: float = 9.9, attempt: int = 1, **changes: Any) -> Line:
    return {
        "attempt_id": f"a{job}",
        "job_id": job,
        "attempt": attempt,
        "worker": "w:1",
        "content_hash": content_of(job),
        "intent_at": START + at,
        "outcome": "accepted",
        "outcome_at": START + at + 0.2,
        **changes,
    }


def a_step(seq: int, happening: str, source: str, target: str, *, job: int = 1, at: float = 0.0) -> Line:
    return {
        "seq": seq,
        "job_id": job,
        "happening": happening,
        "from_status": source,
        "to_status": target,
        "at": START + at,
    }


def steps(job: int = 1) -> Lines:
    """The usual way of a mail."""
    return [
        a_step(job * 10 + 1, "recommended", "pending", "ready", job=job, at=1),
        a_step(job * 10 + 2, "claimed", "ready", "claimed", job=job, at=9.8),
        a_step(job * 10 + 3, "intent", "claimed", "sending", job=job, at=9.9),
        a_step(job * 10 + 4, "answer_accepted", "sending", "accepted", job=job, at=10.1),
        a_step(job * 10 + 5, "evidence_delivered", "accepted", "delivered", job=job, at=12),
    ]


def an_event(
    job: int, kind: str = "delivered", *, at: float = 11.0, applied_at: float | None = 11.1, **more: Any
) -> Line:
    return {
        "sg_event_id": f"e-{job}-{kind}",
        "job_id": job,
        "attempt_id": f"a{job}",
        "kind": kind,
        "happened_at": START + 11,
        "received_at": START + at,
        "applied_at": None if applied_at is None else START + applied_at,
        "inbox_id": 1,
        **more,
    }


def a_post(inbox_id: int = 1, *, digest: str = "d1", at: float = 11.0, applied_at: float | None = 11.1) -> Line:
    applied = None if applied_at is None else START + applied_at
    return {"inbox_id": inbox_id, "digest": digest, "received_at": START + at, "applied_at": applied}


def a_request(n: int = 1, user: str = "provider", *, at: float = 11.0, took_s: float = 0.01, **changes: Any) -> Line:
    return {
        "n": n,
        "user": user,
        "stage": "hold",
        "intended_at": START + at,
        "sent_at": START + at + 0.001,
        "done_at": START + at + took_s,
        "status": 204 if user in ("provider", "replayed") else 403,
        "events": 1,
        "bytes": 400,
        "digest": f"d{n}",
        "event_ids": [],
        "error": None,
        "dropped": False,
        **changes,
    }


def an_operation(at: float, actor: str, kind: str, f: str, **value: Any) -> Line:
    return {"at": START + at, "actor": actor, "type": kind, "f": f, "value": value, "error": None}


def an_outage(begins: float, ends: float, *, observed: int = 3, fault: str = "F01") -> Lines:
    """Injected, seen and healed."""
    what = {"fault": fault, "name": "provider_outage"}
    return [
        an_operation(begins, "nemesis", "ok", "inject", **what),
        an_operation((begins + ends) / 2, "nemesis", "ok", "effect", observed=observed, how="probes refused", **what),
        an_operation(ends, "nemesis", "invoke", "heal", **what),
        an_operation(ends, "nemesis", "ok", "heal", **what),
    ]


def a_sample(at: float, program: str = "web", *, fds: int = 40, rss_mb: float = 100.0, processes: int = 1) -> Line:
    resources = {"cpu_percent": 1.0, "rss_mb": rss_mb, "fds": fds, "processes": processes}
    return {"at": START + at, "program": program, **resources}


def mails(first: int, count: int, *, begins: float, gap_s: float = 0.01) -> Lines:
    """Evenly spaced receipts."""
    return [a_mail(first + place, at=begins + place * gap_s) for place in range(count)]


def write(path: Path, *, run_facts: Mapping[str, Any] | None = None, **tables: Sequence[Line]) -> RunFolder:
    """A sealed run folder with the given tables, named as in SQL; the others are empty."""
    folder = RunFolder(path / "run")
    folder.write_facts(dict(run_facts or facts()))
    for table, name in FILES.items():
        folder.write_lines(name, tables.get(table, ()))
    (folder.path / run_folder.LOGS).mkdir(exist_ok=True)
    folder.seal()
    return folder


def verdict_of(
    check: Check, path: Path, *, run_facts: Mapping[str, Any] | None = None, **tables: Sequence[Line]
) -> Verdict:
    """What one check says of a literal run."""
    with Run(write(path, run_facts=run_facts, **tables)) as run:
        return check(run)
