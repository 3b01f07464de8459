"""Whether this container does its work, for its health check: `with_secrets.py python health.py worker emails`."""

import os
import socket
import sys
import urllib.request

DEADLINE_S = 5.0


def check_web() -> bool:
    """The web service reaches its database and Redis."""
    with urllib.request.urlopen("http://127.0.0.1:8000/readyz", timeout=DEADLINE_S) as response:
        return bool(response.status == 200)  # noqa: PLR2004  # HTTP's word for yes


def check_worker(queue: str) -> bool:
    """The worker of this container answers a ping through the broker."""
    from celery import Celery  # noqa: PLC0415  # the other checks need not wait for its import

    broker_url = os.environ.get("STEADYPOST_BROKER_URL") or os.environ["STEADYPOST_REDIS_URL"]
    with Celery(broker=broker_url, set_as_current=False) as app:
        node = f"worker-{queue}@{socket.gethostname()}"
        return bool(app.control.ping(destination=[node], timeout=DEADLINE_S))


def check_beat() -> bool:
    """One of the beats holds the lock, so schedules run; the other one waits for it."""
    import redis  # noqa: PLC0415  # same

    with redis.Redis.from_url(os.environ["STEADYPOST_REDIS_URL"], socket_timeout=DEADLINE_S) as client:
        return bool(client.exists("redbeat::lock"))


CHECKS = {"web": check_web, "worker": check_worker, "beat": check_beat}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[sys.argv[1]](*sys.argv[2:]) else 1)
