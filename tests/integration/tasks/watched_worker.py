"""A real worker for all queues with error reports and traces switched on, and what one campaign made it say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celery import Celery
from ingest import ingest
from shop_world import settings_with
from trained_models import publish_version

from stack.readiness import NotReadyError, wait_until_ready
from system.tasks.configuration import celery_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest import Ingest
    from shop_world import Shop

WEEK = "2026-W47"
SETTINGS = {
    "ENVIRONMENT": "development",
    "RELEASE": "1.2.3",
    "ACCOUNTS__DEFAULT__API_KEY": "SG.secret-key",
    "WEBHOOK_PUBLIC_KEYS": "[]",
    "PUBLIC_URL": "http://127.0.0.1:1",
    "LINK_KEYS": '["a-key"]',
    "FROM_EMAIL": "weekly@shop.example",
    "FROM_NAME": "Harbour & Home",
    "POSTAL_ADDRESS": "12 Quay Street",
    "SHOP_URL": "https://shop.example",
    "BATCH_JOBS": "2",
    "SWEEP_INTERVAL_S": "60",
}


@dataclass(frozen=True)
class Said:
    """What came out of the worker."""

    log: str
    ingest: Ingest
    campaign_id: int

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log's lines."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    def about(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event."""
        return [line for line in self.lines if line["event"].startswith(event)]


def run_campaign(shop: Shop, *, database_url: str, redis_url: str, folder: Path) -> Said:
    """Four users in two batches, a delivered event for each mail, and two messages that nobody can do anything with."""
    products = shop.add_products()
    for _ in range(4):
        shop.add_user()
    shop.add_newsletter()
    publish_version(shop.engine, folder / "models", products)
    app = Celery("tests")
    app.conf.update(celery_configuration(settings_with(redis_url=redis_url)))
    with ingest() as taken:
        env = _environment(taken, database_url=database_url, redis_url=redis_url, models=folder / "models")
        with running_worker(env, log=folder / "worker.log") as worker:
            app.send_task("orchestrator.start_weekly_campaign", args=("weekly-recos", WEEK))
            app.send_task("orchestrator.start_weekly_campaign", args=("ada@example.org", WEEK))
            app.send_task("emails.send_emails", args=(999, 1, 2))
            _wait(worker, "four mails", lambda: len(taken.mails) == 4)
            app.send_task("tracking.apply_events", args=([_store_events(shop, taken.mails)],))
            _wait(worker, "the events", lambda: shop.states() == {"delivered": 4})
        return Said((folder / "worker.log").read_text(), taken, shop.value("SELECT id FROM campaigns"))


def _store_events(shop: Shop, mails: list[dict[str, Any]]) -> int:
    events = [
        {"event": "delivered", "timestamp": 1_763_283_600, "email": "ada@example.org", "sg_event_id": f"e{number}"}
        | mail["personalizations"][0]["custom_args"]
        for number, mail in enumerate(mails)
    ]
    statement = "INSERT INTO webhook_inbox (digest, body) VALUES (sha256('x'), :body) RETURNING id"
    inbox_id: int = shop.value(statement, body=json.dumps(events).encode())
    return inbox_id


def _environment(taken: Ingest, *, database_url: str, redis_url: str, models: Path) -> dict[str, str]:
    return SETTINGS | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MODEL_FOLDER": str(models),
        "ACCOUNTS__DEFAULT__API_URL": taken.url,
        "SENTRY_DSN": taken.dsn,
        "OTLP_ENDPOINT": taken.url,
    }


@contextmanager
def running_worker(env: dict[str, str], *, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One process for all queues; told to end, and waited for, at the end of the block."""
    command = [sys.executable, "-m", "celery", "-q", "-A", "system.tasks.app", "worker"]
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [*command, "-Q", "orchestrator,ml,emails,tracking", "-c", "1", "--without-gossip", "--without-mingle"],
            env={**os.environ, **{f"STEADYPOST_{name}": value for name, value in env.items()}},
            stdout=output,
            stderr=output,
        )
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(timeout=60)


def _wait(worker: subprocess.Popen[bytes], what: str, is_done: Callable[[], bool]) -> None:
    def check() -> None:
        if not is_done():
            raise NotReadyError(f"{what} are not there yet")

    wait_until_ready(check, what=what, deadline_s=120, is_alive=lambda: worker.poll() is None)
