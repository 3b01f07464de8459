"""What Celery does with messages that nobody should have sent, and what we do with a broker that is away."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery import Celery
from shop_world import settings_with

from stack.readiness import NotReadyError, wait_until_ready
from system.tasks.configuration import VISIBILITY_TIMEOUT_S, celery_configuration
from system.tasks.enqueue import enqueue
from system.tasks.queues import QUEUES, QueueName, messages_waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shop_world import Shop

pytestmark = pytest.mark.integration


def app_with(broker: str) -> Celery:
    app = Celery("tests")
    app.conf.update(celery_configuration(settings_with(redis_url=broker, socket_timeout_s=1.0)))
    return app


def test_the_configuration_is_what_the_guarantees_need() -> None:
    conf = celery_configuration(settings_with())
    assert {queue.name for queue in QUEUES} == {name.value for name in QueueName}
    assert {route["queue"] for route in conf["task_routes"].values()} == {name.value for name in QueueName}
    facts = {
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "worker_prefetch_multiplier": 1,
        "task_ignore_result": True,
        "task_create_missing_queues": False,
        "task_publish_retry": False,
    }
    assert {name: conf[name] for name in facts} == facts
    assert conf["task_soft_time_limit"] < conf["task_time_limit"] < VISIBILITY_TIMEOUT_S
    assert settings_with().batch_run_s < conf["task_soft_time_limit"]
    assert conf["broker_transport_options"]["socket_timeout"] == settings_with().socket_timeout_s


def test_messages_are_counted_per_queue(redis_url: str) -> None:
    app = app_with(redis_url)
    assert messages_waiting(app, QueueName.EMAILS) == 0
    published = enqueue(app.signature("emails.send_emails", args=(1, 2, 3), immutable=True) for _ in range(3))
    assert published == 3
    assert (messages_waiting(app, QueueName.EMAILS), messages_waiting(app, QueueName.ML)) == (3, 0)


def test_publishing_stops_at_the_first_refusal() -> None:
    app = app_with("redis://127.0.0.1:1/0")
    asked = []

    def messages() -> Any:
        for number in range(5):
            asked.append(number)
            yield app.signature("emails.send_emails", args=(1, 2, number), immutable=True)

    assert enqueue(messages()) == 0
    assert asked == [0]


def message(task: str, body: bytes, content_type: str) -> bytes:
    """A message as Celery's Redis transport stores it."""
    task_id = str(uuid.uuid4())
    headers = {"lang": "py", "task": task, "id": task_id, "root_id": task_id, "argsrepr": "", "kwargsrepr": ""}
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8" if content_type == "application/json" else "binary",
            "content-type": content_type,
            "headers": headers,
            "properties": {
                "correlation_id": task_id,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": "tracking"},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": task_id,
            },
        }
    ).encode()


def args(*values: Any) -> bytes:
    return json.dumps([values, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()


class Explodes:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (self.path, "w"))


def test_poison_in_a_queue_is_rejected_with_a_log_line_and_the_worker_goes_on(
    shop: Shop, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    trace = tmp_path / "unpickled"
    poison = [
        message("tracking.no_such_task", args(), "application/json"),
        message("tracking.apply_events", args(1, 2, 3, 4), "application/json"),
        message("tracking.apply_events", args("no list"), "application/json"),
        message("tracking.apply_events", b"{", "application/json"),
        message("tracking.apply_events", pickle.dumps(Explodes(str(trace))), "application/x-python-serialize"),
    ]
    log = tmp_path / "worker.log"
    with redis.Redis.from_url(redis_url) as client:
        client.lpush("tracking", *poison, good_message(shop))  # the good one comes last
        with running_worker(database_url, redis_url, log) as worker:
            wait_until_applied(shop, worker, after=poison)
            assert client.llen("tracking") == 0
    said = log.read_text()
    assert not trace.exists()
    assert "no_such_task" in said
    assert said.count("TypeError") >= 1
    assert "ContentDisallowed" in said or "x-python-serialize" in said


def test_bytes_that_are_no_message_do_not_stop_the_worker(
    shop: Shop, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with (
        redis.Redis.from_url(redis_url) as client,
        running_worker(database_url, redis_url, tmp_path / "worker.log") as worker,
    ):
        for garbage in (b"garbage", b"\xff\xfe", b"{}", b"[]"):
            client.lpush("tracking", garbage, good_message(shop))
            wait_until_applied(shop, worker, after=garbage)


def good_message(shop: Shop) -> bytes:
    """About a post that waits in the inbox."""
    inbox_id = shop.value(
        "INSERT INTO webhook_inbox (digest, body) VALUES (sha256(random()::text::bytea), '[]') RETURNING id"
    )
    return message("tracking.apply_events", args([inbox_id]), "application/json")


def wait_until_applied(shop: Shop, worker: subprocess.Popen[bytes], *, after: object) -> None:
    def check() -> None:
        if shop.value("SELECT count(*) FROM webhook_inbox WHERE applied_at IS NULL"):
            raise NotReadyError("the post still waits")

    what = f"the good message after {after!r}"
    wait_until_ready(check, what=what, deadline_s=60, is_alive=lambda: worker.poll() is None)


@contextmanager
def running_worker(database_url: str, redis_url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        worker = _worker(database_url, redis_url, output)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(timeout=30)


def _worker(database_url: str, redis_url: str, output: Any) -> subprocess.Popen[bytes]:
    env = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ACCOUNTS__DEFAULT__API_KEY": "SG.test",
        "WEBHOOK_PUBLIC_KEYS": "[]",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "LINK_KEYS": '["a-key"]',
        "FROM_EMAIL": "weekly@shop.example",
        "FROM_NAME": "Harbour & Home",
        "POSTAL_ADDRESS": "12 Quay Street",
        "SHOP_URL": "https://shop.example",
    }
    command = [sys.executable, "-m", "celery", "-A", "system.tasks.app", "worker", "-Q", "tracking"]
    return subprocess.Popen(
        [*command, "--concurrency", "1", "--without-gossip", "--without-mingle"],
        env={**os.environ, **{f"STEADYPOST_{name}": value for name, value in env.items()}},
        stdout=output,
        stderr=output,
    )
