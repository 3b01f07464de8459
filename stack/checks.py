"""Whether each part of a stack does its work: the checks that `up` waits for."""

from __future__ import annotations

import http.client
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from stack.readiness import NotReadyError
from system.redis_address import RedisAddress
from system.settings import AMQP

REQUEST_DEADLINE_S = 3.0
PING_DEADLINE_S = 1.0


def check_http(*, port: int, path: str) -> None:
    """Raise NotReadyError unless the path is answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_DEADLINE_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        said = response.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as exc:
        raise NotReadyError(f"GET {path}: {exc}") from None
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise NotReadyError(f"GET {path}: {response.status} {said}")


def _connecting(broker_url: str) -> dict[str, Any]:
    """Celery's settings for a broker as ours name it."""
    if broker_url.startswith(AMQP):
        return {"broker_url": broker_url}
    address = RedisAddress(broker_url)
    return {
        "broker_url": address.broker_url,
        "broker_transport_options": address.broker_options,
        "broker_use_ssl": address.broker_ssl,
    }


def check_worker(*, broker_url: str, node: str) -> None:
    """Raise NotReadyError unless the worker of that node name answers a ping."""
    with Celery(set_as_current=False) as app:
        app.conf.update(_connecting(broker_url))
        try:
            answers = app.control.ping(destination=[node], timeout=PING_DEADLINE_S)
        except OperationalError as exc:
            raise NotReadyError(f"broker: {exc}") from None
    if not answers:
        raise NotReadyError("no answer to a ping")
