"""Redis loses everything or runs out of memory, and its queues hold messages that nobody should have sent."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMEOUT_S: Final = 5.0
TEN_MB: Final = 10_000_000
CANARY: Final = "chaos:canary"
UNACKED: Final = "unacked"


def connect(redis_url: str) -> redis.Redis:
    """A connection that blocks nobody for longer than TIMEOUT_S, and tries once."""
    return redis.Redis.from_url(
        redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
    )


def messages_held(redis_url: str) -> int:
    """Messages that were taken and not acknowledged, also by workers that are no more."""
    with connect(redis_url) as client:
        return int(client.hlen(UNACKED))


@dataclass(kw_only=True)
class Flushed:
    """F09: FLUSHALL, as after a restart without a disk; nothing is to be mended, the system mends itself."""

    redis_url: str
    fault: str = "F09"
    name: ClassVar[str] = "redis:flushall"
    evidence: ClassVar[str] = "a key of the harness's own that is gone"
    _done: bool = False

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "broker", "what": "FLUSHALL"}

    def inject(self) -> None:
        """Forget everything."""
        with connect(self.redis_url) as client:
            client.set(CANARY, 1)
            client.flushall()
        self._done = True

    def look(self) -> bool:
        """Whether what was there before is gone."""
        if not self._done:
            return False
        with connect(self.redis_url) as client:
            return not client.exists(CANARY)

    def heal(self) -> None:
        """Nothing but to stop looking."""
        self._done = False


@dataclass(kw_only=True)
class OutOfMemory:
    """F41: no room for another key; with an eviction policy, whole queues are thrown away instead."""

    redis_url: str
    policy: str = "noeviction"
    fault: str = "F41"
    evidence: ClassVar[str] = "a write of the harness's own refused for lack of memory, or keys evicted"
    _before: dict[str, Any] | None = None
    _evicted: int = 0

    @property
    def name(self) -> str:
        """Such as `redis:maxmemory-noeviction`."""
        return f"redis:maxmemory-{self.policy}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "broker", "what": f"maxmemory is what is used already, policy {self.policy}"}

    def inject(self) -> None:
        """Allow less memory than is used."""
        with connect(self.redis_url) as client:
            if self._before is None:
                self._before = {**client.config_get("maxmemory"), **client.config_get("maxmemory-policy")}
                self._evicted = client.info("stats")["evicted_keys"]
            client.config_set("maxmemory-policy", self.policy)
            client.config_set("maxmemory", 1)

    def look(self) -> bool:
        """Whether a write is refused, or keys have been thrown away."""
        with connect(self.redis_url) as client:
            try:
                client.set(CANARY, 1, ex=1)
            except redis.OutOfMemoryError:
                return True
            return self._before is not None and client.info("stats")["evicted_keys"] > self._evicted

    def heal(self) -> None:
        """As much memory and the policy as before."""
        if self._before is not None:
            with connect(self.redis_url) as client:
                for name, value in self._before.items():
                    client.config_set(name, value)
            self._before = None


@dataclass(kw_only=True)
class Poisoned:
    """F15: bad JSON, unknown tasks, old signatures and 10 MB in the named queues."""

    redis_url: str
    queues: Sequence[str]
    task: str = "orchestrator.sweep"
    """A task that exists, called with arguments of another time."""
    fault: str = "F15"
    name: ClassVar[str] = "queues:poison"
    evidence: ClassVar[str] = "the poison taken out of every queue by a worker"
    _poison: list[bytes] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "broker", "what": f"{len(poison(self.task))} poison messages in {', '.join(self.queues)}"}

    def inject(self) -> None:
        """Put the poison at the end that is taken from first."""
        self._poison = poison(self.task)
        with connect(self.redis_url) as client:
            for queue in self.queues:
                client.rpush(queue, *self._poison)

    def look(self) -> bool:
        """Whether it has been swallowed, all of it."""
        return bool(self._poison) and self._left() == 0

    def heal(self) -> None:
        """Take out what nobody has taken."""
        with connect(self.redis_url) as client:
            for queue in self.queues:
                for message in self._poison:
                    client.lrem(queue, 0, message)
        self._poison = []

    def _left(self) -> int:
        with connect(self.redis_url) as client:
            left = {message for queue in self.queues for message in client.lrange(queue, 0, -1)}
        return len(left & set(self._poison))


def poison(task: str) -> list[bytes]:
    """One message of each kind; the ids are new each time."""
    return [
        b"\xff\xfe\x00 these are no characters",
        b"[1, 2, 3]",
        b"null",
        b'{"headers": {}, "body": "e30="}',
        _message("nobody.knows_this", []),
        _message(task, [], {"colour": "red"}),
        _message(task, ["x" * TEN_MB]),
        _message(task, [], content_type="application/x-python-serialize"),
    ]


def _message(
    task: str, args: list[Any], kwargs: dict[str, Any] | None = None, *, content_type: str = "application/json"
) -> bytes:
    """A message as Celery lays it into Redis."""
    tag = str(uuid.uuid4())
    return json.dumps(
        {
            "body": json.dumps([args, kwargs or {}, {}]),
            "content-encoding": "utf-8",
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": tag, "root_id": tag, "argsrepr": "", "kwargsrepr": ""},
            "properties": {
                "correlation_id": tag,
                "delivery_mode": 2,
                "delivery_tag": tag,
                "delivery_info": {"exchange": "", "routing_key": task.split(".", maxsplit=1)[0]},
                "priority": 0,
            },
        }
    ).encode()
