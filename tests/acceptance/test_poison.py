"""Messages that nobody should have sent, in every queue of a running system: each leaves a log line and no damage."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery import Celery

from stack.programs import PROCESSES, worker_name
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from pathlib import Path

    from mailing import Mailing

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

A_TASK_OF = {
    "orchestrator": "orchestrator.dispatch_campaign",
    "ml": "ml.compute_recommendations",
    "emails": "emails.send_emails",
    "tracking": "tracking.apply_events",
}
NO_MESSAGES = (
    b"\xff\xfe\x00 these are no characters",
    b"[1, 2, 3]",
    b"null",
    b'{"headers": {}, "body": "e30="}',
    b'{"properties": {"delivery_tag": "x"}, "headers": {}, "body": "e30="}',
    b'{"properties": {"delivery_tag": "y", "delivery_info": {"exchange": "", "routing_key": ""}}, "headers": 7}',
    # Understood as far as the task's name; Celery asks for an id and does not expect to find none.
    b'{"properties": {"delivery_tag": "z", "delivery_info": {"exchange": "", "routing_key": ""}},'  # noqa: ISC004  # one message
    b' "headers": {"task": "orchestrator.sweep"}, "content-type": "application/json", "body": "[[], {}, {}]"}',
)
MOST_LOGGED_BYTES = 200_000
TEN_MB = "x" * 10_000_000


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._folder),)


@pytest.mark.parametrize("queue", list(PROCESSES))
def test_poison_leaves_a_log_line_and_the_worker_lives(mailing: Mailing, queue: str, tmp_path: Path) -> None:
    program = worker_name(queue)
    log = mailing.stack.log_of(program)
    pid, read_so_far = mailing.stack.supervisor.pid(program), log.stat().st_size
    bomb = tmp_path / "exploded"
    _push(mailing, queue, *NO_MESSAGES)
    wrong, large = _publish(mailing, queue, bomb)
    said = (
        *["message.un"] * len(NO_MESSAGES),
        "Received unregistered task of type",
        "Refusing to deserialize",
        f"[{wrong}] raised unexpected",
        f"[{large}] raised unexpected",
    )

    def check() -> None:
        logged = log.read_text(errors="replace")[read_so_far:]
        missing = [words for words in set(said) if logged.count(words) < said.count(words)]
        if missing:
            raise NotReadyError(f"no line says {missing}")

    wait_until_ready(check, what=f"the log of {program}", deadline_s=60)
    assert log.stat().st_size - read_so_far < MOST_LOGGED_BYTES
    assert mailing.stack.supervisor.pid(program) == pid
    assert not bomb.exists()


def test_a_campaign_after_the_poison_is_like_any_other(mailing: Mailing) -> None:
    for queue in PROCESSES:
        _push(mailing, queue, *NO_MESSAGES)
    with mailing.campaign() as campaign:
        pass
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def _push(mailing: Mailing, queue: str, *entries: bytes) -> None:
    with redis.Redis.from_url(mailing.env["STEADYPOST_REDIS_URL"]) as connection:
        connection.lpush(queue, *entries)


def _publish(mailing: Mailing, queue: str, bomb: Path) -> tuple[str, str]:
    """Real messages that can't be carried out; the ids of the two that reach a task."""
    wrong, large = str(uuid.uuid4()), str(uuid.uuid4())
    with Celery(broker=mailing.env["STEADYPOST_REDIS_URL"], set_as_current=False) as app:
        app.send_task("nobody.knows_this", queue=queue)
        app.send_task(A_TASK_OF[queue], args=(Bomb(bomb),), queue=queue, serializer="pickle")
        app.send_task(A_TASK_OF[queue], args=(), kwargs={"colour": "red"}, queue=queue, task_id=wrong)
        app.send_task(A_TASK_OF[queue], args=(TEN_MB,), queue=queue, task_id=large)
    return wrong, large
