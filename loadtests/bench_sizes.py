"""Measures bytes: what one row of each table takes on disk with its indexes, and one message takes in Redis.

    steadypost stack up --name bench --set 'accounts={"default":{"mails_per_s":null}}'
    eval "$(steadypost stack env --name bench)"
    steadypost population generate --users 20000 --products 2000 && steadypost model train
    python -m loadtests.bench_pipeline --management http://127.0.0.1:PORT
    python -m loadtests.bench_sizes

The latest campaign's partitions speak for all campaigns. Messages go to a queue of their own, which is removed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import redis
import typer
from kombu import Queue
from sqlalchemy import text

from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.storage.models import PARTITIONED
from system.tasks.app import app
from system.tasks.email import send_emails
from system.tasks.enqueue import steps
from system.tasks.ml import compute_recommendations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

MESSAGES: Final = 1_000
TIMEOUT_S: Final = 10.0
QUEUE: Final = Queue("bench_sizes", durable=True)
SHARED: Final = ("users", "orders")


def main() -> None:
    """Print bytes per row and per message as lines of TOML."""
    for name, rows, size in _sizes():
        print(f"{name} = {size / max(1, rows):.0f}  # {rows:,} rows, {size / 1e6:,.1f} MB")
    print(f"message = {_message_bytes():.0f}  # {MESSAGES:,} messages that name a batch's two steps")


def _sizes() -> Iterator[tuple[str, int, int]]:
    with transaction(process_engine()) as connection:
        campaign = campaigns.latest_campaign(connection)
        if campaign is None:
            raise SystemExit("error: there is no campaign to measure; run loadtests.bench_pipeline first")
        names = {model.__tablename__: f"{model.__tablename__}_c{campaign.id:d}" for model in PARTITIONED}
        for name, table in {**names, **{shared: shared for shared in SHARED}}.items():
            yield name, *_size(connection, table)
        yield "webhook_inbox_event", _events_taken_in(connection), _size(connection, "webhook_inbox")[1]


def _size(connection: Connection, table: str) -> tuple[int, int]:
    """Rows, and bytes with indexes and TOAST."""
    rows = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608  # a name of our own
    size = connection.execute(text("SELECT pg_total_relation_size(CAST(:table AS regclass))"), {"table": table})
    return int(rows), int(size.scalar_one())


def _events_taken_in(connection: Connection) -> int:
    statement = "SELECT coalesce(sum(events_applied + events_repeated + events_foreign), 0) FROM webhook_inbox"
    return int(connection.execute(text(statement)).scalar_one())


def _message_bytes() -> float:
    """By how much Redis's memory grows for each message, the list's own share included."""
    with redis.Redis.from_url(load_settings().redis_url.get_secret_value(), socket_timeout=TIMEOUT_S) as server:
        before = int(server.info("memory")["used_memory"])
        try:
            with app.producer_or_acquire() as producer:
                for number in range(MESSAGES):
                    ids = (1, 500 * number + 1, 500 * number + 500)
                    both = steps(compute_recommendations.si(*ids), send_emails.si(*ids))
                    both.apply_async(queue=QUEUE, producer=producer, retry=False)
            return float(int(server.info("memory")["used_memory"]) - before) / MESSAGES
        finally:
            server.delete(QUEUE.name, f"_kombu.binding.{QUEUE.name}")


if __name__ == "__main__":
    typer.run(main)
