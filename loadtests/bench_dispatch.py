"""Measures how long dispatch takes and how much memory it needs, for audiences of several sizes.

    steadypost stack up --name bench --servers-only --without-fake
    eval "$(steadypost stack env --name bench)"
    python -m loadtests.bench_dispatch compare --users 10000 --users 100000 --users 1000000

Each campaign is dispatched by a fresh process that calls the task as a worker would, on a real PostgreSQL and Redis.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import text

from system import logs
from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.storage.newsletters import WEEKLY, ensure_weekly_newsletter
from system.tasks.app import app as celery_app
from system.tasks.orchestrator import dispatch_campaign, start_weekly_campaign
from system.tasks.queues import QueueName, messages_waiting

if TYPE_CHECKING:
    from sqlalchemy import Connection

KIB_PER_MB = 1_000_000 / 1024
HEADER = """\
| users | seconds | jobs/s | CPU s | RSS before, MB | peak RSS, MB | load average |
|---|---|---|---|---|---|---|"""
app = typer.Typer()


@dataclass(frozen=True)
class Measured:
    """One dispatch, seen from the process that did it."""

    seconds: float
    cpu_s: float
    imported_rss_mb: float
    peak_rss_mb: float


@app.command()
def compare(users: Annotated[list[int], typer.Option(min=1, help="Size of an audience; may be repeated.")]) -> None:
    """Dispatch one campaign for each size, smallest first, and print the table."""
    logs.configure("WARNING")  # on stderr: stdout is for the figures
    print(HEADER, flush=True)
    for size in sorted(users):
        _grow_audience(size)
        campaign_id = _new_campaign()
        waiting = messages_waiting(celery_app, QueueName.ML)
        command = [sys.executable, "-m", "loadtests.bench_dispatch", "measure", str(campaign_id)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        measured = Measured(**json.loads(done.stdout))
        _check(campaign_id, users=size, new_messages=messages_waiting(celery_app, QueueName.ML) - waiting)
        print(_row(size, measured), flush=True)


@app.command()
def measure(campaign_id: int) -> None:
    """Dispatch a campaign in this process, and print what it took as JSON."""
    logs.configure("WARNING")
    imported_rss_mb = _peak_rss_mb()
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    dispatch_campaign(campaign_id)
    seconds, cpu_s = time.perf_counter() - started_s, time.process_time() - started_cpu_s
    print(json.dumps(asdict(Measured(seconds, cpu_s, imported_rss_mb, _peak_rss_mb()))))


def _peak_rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MB


def _row(users: int, measured: Measured) -> str:
    cells = (
        f"{users:,}",
        f"{measured.seconds:.2f}",
        f"{users / measured.seconds:,.0f}",
        f"{measured.cpu_s:.2f}",
        f"{measured.imported_rss_mb:.0f}",
        f"{measured.peak_rss_mb:.0f}",
        f"{os.getloadavg()[0]:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def _grow_audience(size: int) -> None:
    """Add users until there are as many as asked for."""
    statement = text("""
        INSERT INTO users (email, name)
        SELECT 'reader' || n || '@example.org', 'Reader ' || n FROM generate_series(1 + :present, :size) AS n
    """)
    with transaction(process_engine()) as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        ensure_weekly_newsletter(connection)
        present = _count(connection, "SELECT count(*) FROM users")
        if present > size:
            raise SystemExit(f"the database has {present:,} users already; give the bench an empty one")
        connection.execute(statement, {"present": present, "size": size})
    with process_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM (ANALYZE) users"))
        connection.execute(text("CHECKPOINT"))  # the writes of the population are not dispatch's
        connection.execute(text("RESET statement_timeout"))


def _new_campaign() -> int:
    """A campaign of a week that has none yet; its own message waits in a queue without workers."""
    with transaction(process_engine()) as connection:
        week = 1 + _count(connection, "SELECT count(*) FROM campaigns")
    start_weekly_campaign(WEEKLY, f"3000-W{week:02d}")
    with transaction(process_engine()) as connection:
        campaign = campaigns.latest_campaign(connection)
    assert campaign is not None
    return campaign.id


def _check(campaign_id: int, *, users: int, new_messages: int) -> None:
    """A fast dispatch that left somebody out is none."""
    with transaction(process_engine()) as connection:
        jobs = sum(campaigns.jobs_by_state(connection, campaign_id=campaign_id).values())
        campaign = campaigns.campaign_by_id(connection, campaign_id=campaign_id)
    assert campaign is not None
    # Pages are cut into batches one by one, so each page may end with a small one.
    least = math.ceil(users / load_settings().batch_jobs)
    if jobs != users or campaign.state != "running" or new_messages < least:
        raise SystemExit(
            f"{jobs:,} jobs for {users:,} users, campaign {campaign.state}, {new_messages:,} messages of {least:,}; "
            "is a worker running?"
        )


def _count(connection: Connection, statement: str) -> int:
    number: int = connection.execute(text(statement)).scalar_one()
    return number


if __name__ == "__main__":
    app()
