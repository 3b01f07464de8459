"""Whether this container does its work, for its health check: `with_secrets.py python health.py worker emails`."""

import os
import socket
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

DEADLINE_S = 5.0


def check_web() -> bool:
    """The web service reaches its database and Redis."""
    with urllib.request.urlopen("http://127.0.0.1:8000/readyz", timeout=DEADLINE_S) as response:
        return bool(response.status == 200)  # noqa: PLR2004  # HTTP's word for yes


def check_worker(queue: str) -> bool:
    """The worker of this container answers a ping through the broker."""
    from celery import Celery  # noqa: PLC0415  # the other checks need not wait for its import

    with Celery(set_as_current=False) as app:
        app.conf.update(_connecting())
        node = f"worker-{queue}@{socket.gethostname()}"
        return bool(app.control.ping(destination=[node], timeout=DEADLINE_S))


def _connecting() -> dict[str, Any]:
    from system.redis_address import RedisAddress  # noqa: PLC0415  # same

    if broker_url := os.environ.get("STEADYPOST_BROKER_URL"):
        if broker_url.startswith("amqp"):
            return {"broker_url": broker_url}
    else:
        broker_url = os.environ["STEADYPOST_REDIS_URL"]
    address = RedisAddress(broker_url)
    return {
        "broker_url": address.broker_url,
        "broker_transport_options": address.broker_options,
        "broker_use_ssl": address.broker_ssl,
    }


def check_beat() -> bool:
    """One of the beats holds the lock, so schedules run; the other one waits for it."""
    from system.redis_address import RedisAddress  # noqa: PLC0415  # same

    with RedisAddress(os.environ["STEADYPOST_REDIS_URL"]).connect(timeout_s=DEADLINE_S) as client:
        return bool(client.exists("redbeat::lock"))


CHECKS: dict[str, Callable[..., bool]] = {"web": check_web, "worker": check_worker, "beat": check_beat}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[sys.argv[1]](*sys.argv[2:]) else 1)
