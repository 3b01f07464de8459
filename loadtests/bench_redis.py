"""Measures what is in Redis: the bytes of every kind of key, and what one message more of each kind would take.

    steadypost stack up --name bench
    eval "$(steadypost stack env --name bench)"
    steadypost population generate --users 2000 --products 200 && steadypost model train
    steadypost campaign start weekly-recos
    python -m loadtests.bench_redis

Messages go to a queue of their own, which is removed again. docs/redis.md shows a result.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import typer
from kombu import Queue

from system.settings import load_settings
from system.tasks.app import app
from system.tasks.email import probe, send_emails
from system.tasks.enqueue import steps
from system.tasks.ml import compute_recommendations
from system.tasks.orchestrator import POSTS_PER_MESSAGE, dispatch_campaign
from system.tasks.tracking import apply_events

if TYPE_CHECKING:
    from collections.abc import Mapping

    import redis
    from celery.canvas import Signature

MESSAGES: Final = 1_000
TIMEOUT_S: Final = 10.0
QUEUE: Final = Queue("bench_redis", durable=True)


def main() -> None:
    """Print one line for each kind of key, then one for each kind of message."""
    with load_settings().redis.connect(timeout_s=TIMEOUT_S) as server:
        for kind, sizes in sorted(_by_kind(server).items()):
            print(f"{kind:<24} {len(sizes):>5} keys {sum(sizes):>12,} bytes")
        for kind, message in _messages().items():
            print(f"{kind:<24} {_growth(server, message) / MESSAGES:>12,.0f} bytes each, of {MESSAGES:,}")


def _by_kind(server: redis.Redis) -> Mapping[str, list[int]]:
    """The bytes of each key, by what stands before its first colon."""
    found: dict[str, list[int]] = defaultdict(list)
    for key in server.scan_iter(count=1_000):
        size = server.memory_usage(key, samples=0)
        if size is not None:  # it may be gone by now
            found[key.decode(errors="replace").split(":", maxsplit=1)[0]].append(int(size))
    return found


def _messages() -> Mapping[str, Signature]:
    ids = (1_000, 1_000_001, 1_000_500)
    return {
        "dispatch": dispatch_campaign.si(ids[0]),
        "recommend, then send": steps(compute_recommendations.si(*ids), send_emails.si(*ids)),
        "send": send_emails.si(*ids),
        "probe": probe.si(*ids),
        f"{POSTS_PER_MESSAGE} webhook posts": apply_events.si(list(range(10_000_000, 10_000_000 + POSTS_PER_MESSAGE))),
    }


def _growth(server: redis.Redis, message: Signature) -> float:
    """Bytes of a list of MESSAGES such messages."""
    try:
        with app.producer_or_acquire() as producer:
            for _ in range(MESSAGES):
                message.clone().apply_async(queue=QUEUE, producer=producer, retry=False)
        return float(server.memory_usage(QUEUE.name, samples=0) or 0)
    finally:
        server.delete(QUEUE.name, f"_kombu.binding.{QUEUE.name}")


if __name__ == "__main__":
    typer.run(main)
