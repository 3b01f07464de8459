"""Whether a system has come to rest: nothing queued, nothing taken and unfinished, no transaction left open."""

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy import text

from system.settings import load_settings
from system.storage.database import process_engine, transaction
from system.tasks.app import app as celery_app
from system.tasks.queues import QueueName, messages_waiting

LOOK_AGAIN_S: Final = 0.5
# Beats keep sending the sweep; one message that is on its way is not a backlog.
_UNACKED_KEY: Final = "unacked"


def wait_until_quiet(*, deadline_s: float, unacked: int = 0) -> dict[str, Any]:
    """What `read_quiescence` sees as soon as nothing is left, or when the deadline has passed.

    So many messages may stay unacknowledged, because whoever held them was killed.
    """
    ends_at = time.monotonic() + deadline_s
    while True:
        seen = read_quiescence()
        if _is_quiet(seen, unacked=unacked) or time.monotonic() > ends_at:
            return seen
        time.sleep(LOOK_AGAIN_S)


def read_quiescence() -> dict[str, Any]:
    """What is still there, by name."""
    with transaction(process_engine()) as connection:
        idle = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()"
            )
        )
        waiting = connection.execute(text("SELECT count(*) FROM webhook_inbox WHERE applied_at IS NULL"))
        return {
            "queues": {queue.value: messages_waiting(celery_app, queue) for queue in QueueName},
            "unacked": _unacked(),
            "idle_in_transaction": idle.scalar_one(),
            "waiting_inbox": waiting.scalar_one(),
        }


def _unacked() -> int | None:
    settings = load_settings()
    if settings.redis_broker is None:
        return None
    with settings.redis_broker.connect(timeout_s=settings.socket_timeout_s) as connection:
        return int(connection.hlen(_UNACKED_KEY))


def _is_quiet(seen: dict[str, Any], *, unacked: int) -> bool:
    held = max(0, (seen["unacked"] or 0) - unacked)
    left = (*seen["queues"].values(), held, seen["idle_in_transaction"], seen["waiting_inbox"])
    return not any(left)
