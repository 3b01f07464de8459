"""Writes a believable run folder of any size without any service: a sane campaign with an outage in its middle.

python -m loadtests.synthetic_run --run DIR --users 2000
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any, Final

import duckdb
import typer

from loadtests.synthetic_tables import FILES, TABLES
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder

if TYPE_CHECKING:
    from slo_reports.run_folder import Outcome

START_AT: Final = 1_795_250_000.0
FULL_USERS: Final = 100_000
FULL_OUTAGE_S: Final = 600.0
FULL_DEADLINE_S: Final = 7_200.0
SHORTEST_OUTAGE_S: Final = 15.0
LONGEST_LOAD_S: Final = 1_200
EVENTS_PER_S: Final = 500.0


def write_run(folder: RunFolder, *, users: int, seed: int = 1) -> None:
    """Every file of a finished run in which nothing went wrong; the same arguments write the same lines."""
    outage_s = max(SHORTEST_OUTAGE_S, FULL_OUTAGE_S * users / FULL_USERS)
    load_s = min(LONGEST_LOAD_S, int(users / 100 + outage_s) + 5)
    folder.path.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as database:
        _fill(database, users=users, seed=seed, outage_s=outage_s, load_s=load_s)
        for name, statement in FILES.items():
            database.execute(f"COPY ({statement}) TO '{folder.path / name}' (FORMAT json)")
        moments = _moments(database)
    _write_history(folder, moments, outage_s=outage_s)
    _write_logs(folder)
    folder.write_facts(_facts(moments, users=users, seed=seed, outage_s=outage_s, load_s=load_s))
    folder.seal()


def _fill(database: duckdb.DuckDBPyConnection, *, users: int, seed: int, outage_s: float, load_s: int) -> None:
    database.execute("SET enable_progress_bar = false")
    parameters, *tables = TABLES
    values = {"users": users, "seed": seed, "start_at": START_AT, "outage_s": outage_s, "load_s": load_s}
    database.execute(parameters, values)
    for statement in tables:
        database.execute(statement)


def _moments(database: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """When the campaign began, when the provider went away, when the last mail and the last second were."""
    result = database.execute("""
        SELECT any_value(p.start_at), any_value(outage_at), max(received_at), (SELECT max("at") FROM seconds)
        FROM people, p
    """)
    row = result.fetchall()[0]
    return dict(zip(("start_at", "outage_at", "last_mail_at", "end_at"), row, strict=True))


def _write_history(folder: RunFolder, moments: dict[str, float], *, outage_s: float) -> None:
    start, outage, last = moments["start_at"], moments["outage_at"], moments["last_mail_at"]
    fault = {"fault": "F01", "name": "provider_outage"}
    inject = {**fault, "injector": "fake", "what": "refuses connections", "for_s": outage_s}
    effect = {**fault, "observed": 3, "how": "connections refused to the harness's own probe"}
    lines: list[tuple[float, str, Outcome, str, dict[str, Any]]] = [
        (start - 1.0, "harness", "ok", "phase", {"phase": "sending"}),
        (start, "harness", "invoke", "start_campaign", {"newsletter": "weekly-recos", "week_key": "2026-W47"}),
        (start + 0.1, "harness", "ok", "start_campaign", {"campaign_id": 1}),
        (outage - 0.01, "nemesis", "invoke", "inject", inject),
        (outage - 0.005, "nemesis", "ok", "inject", fault),
        (outage + outage_s / 2, "nemesis", "ok", "effect", effect),
        (outage + outage_s, "nemesis", "invoke", "heal", fault),
        (outage + outage_s + 0.005, "nemesis", "ok", "heal", fault),
        (last + 0.5, "harness", "ok", "campaign_ended", {"state": "completed"}),
        (moments["end_at"], "harness", "ok", "phase", {"phase": "final read"}),
    ]
    folder.write_lines(
        run_folder.HISTORY,
        (
            {"at": at, "actor": actor, "type": kind, "f": f, "value": value, "error": None}
            for at, actor, kind, f, value in lines
        ),
    )


def _write_logs(folder: RunFolder) -> None:
    logs = folder.path / run_folder.LOGS
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    (logs / "web.log").write_text('{"event": "started", "level": "info", "port": 8000}\n', encoding="utf-8")
    (logs / "worker-emails.log").write_text('{"event": "batch.sent", "level": "info", "accepted": 500}\n')


def _facts(moments: dict[str, float], *, users: int, seed: int, outage_s: float, load_s: int) -> dict[str, Any]:
    compression = FULL_USERS / users
    return {
        "run_id": f"synthetic-{users}-{seed}",
        "profile": "synthetic",
        "state": "finished",
        "reason": None,
        "mode": {
            "kind": "compressed" if compression > 1 else "full",
            "compression": max(1.0, compression),
            "users": users,
            "outage_s": outage_s,
            "deadline_s": max(300.0, FULL_DEADLINE_S * users / FULL_USERS),
        },
        "seed": seed,
        "command": f"python -m loadtests.synthetic_run --users {users} --seed {seed}",
        "started": _iso(moments["start_at"]),
        "finished": _iso(moments["end_at"]),
        "campaign": {
            "id": 1,
            "newsletter": "weekly-recos",
            "week_key": "2026-W47",
            "audience_users": users,
            "mails_per_s": 100.0,
        },
        "load": _load(load_s, seed=seed),
        "git": {"sha": "0" * 40, "dirty": False},
        "lock_sha256": "0" * 64,
        "settings": _SETTINGS,
        "durations": [
            {"name": "outage_s", "production": 600, "here": outage_s, "scaled": True},
            {"name": "resolution_deadline_s", "production": 86_400, "here": 30, "scaled": True},
            {"name": "probe_interval_s", "production": 1, "here": 1, "scaled": False},
        ],
        "environment": _ENVIRONMENT,
        "quiescence": {
            "queues": {"orchestrator": 0, "ml": 0, "emails": 0, "tracking": 0},
            "unacked": 0,
            "idle_in_transaction": 0,
            "waiting_inbox": 0,
        },
        "provider_summary": {},
    }


def _load(load_s: int, *, seed: int) -> dict[str, Any]:
    shares = {"warm-up": 0.1, "hold": 0.5, "spike": 0.1, "soak": 0.3}
    return {
        "campaign_id": 2,
        "events_per_s": EVENTS_PER_S,
        "stages": [
            {"name": name, "seconds": round(load_s * share, 1), "events_per_s": EVENTS_PER_S}
            for name, share in shares.items()
        ],
        "seed": seed,
        "scheduler_lag_p99_ms": 1.0,
        "dropped": 0,
        "offered": load_s * 11,
        "sent": load_s * 11,
    }


_SETTINGS: Final = {
    "database_url": "**********",
    "accounts": {"default": {"api_key": "**********", "mails_per_s": 100.0}},
    "batch_jobs": 500,
    "sends_in_flight": 32,
    "max_attempts": 20,
    "probe_interval_s": 1.0,
    "request_deadline_s": 10.0,
    "breaker_failures": 10,
    "from_email": "shop@example.com",
}

_ENVIRONMENT: Final = {
    "cpu_model": "none: this run is synthetic",
    "cores": 2,
    "memory_gib": 24.0,
    "kernel": "6.18",
    "os": "Debian GNU/Linux 12",
    "machine": "x86_64",
    "python": "3.11.7",
    "packages": {"celery": "5.6.3"},
    "postgres": {
        "version": "18.1",
        "synchronous_commit": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "shared_buffers": "128MB",
    },
    "redis": {
        "version": "7.0.15",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory_policy": "noeviction",
    },
    "noise": {
        "before": {"reference_loop_ms": [10.1, 10.2], "spread": 0.02, "load_average": 0.2},
        "after": {"reference_loop_ms": [10.1, 10.3], "spread": 0.02, "load_average": 0.9},
    },
}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat()


def main(
    *,
    run: Annotated[Path, typer.Option(help="Folder to write; files of the same names are replaced.")],
    users: Annotated[int, typer.Option(min=100)] = 2_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Write a synthetic run."""
    write_run(RunFolder(run), users=users, seed=seed)
    print(f"{run}: {users:,} users, seed {seed}")


if __name__ == "__main__":
    typer.run(main)
