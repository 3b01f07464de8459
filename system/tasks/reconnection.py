"""How workers come back to a broker that was away: within a second, and with a sweep of what it may have lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from celery import bootsteps
from celery.app.amqp import AMQP
from kombu import Connection

from system.tasks.enqueue import enqueue
from system.tasks.queues import QueueName

if TYPE_CHECKING:
    from celery import Celery
    from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)

RETRY_FIRST_S: Final = 0.2
RETRY_CAP_S: Final = 1.0
SWEEP: Final = "orchestrator.sweep"


class QuickConnection(Connection):
    """Asks again every second; Celery asks after 2, 4, 6 and up to 30 s and has no setting for it."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Connection:  # type: ignore[override]  # noqa: D102  # kombu's own is the same, its stub is not
        intervals = {"interval_start": RETRY_FIRST_S, "interval_step": RETRY_FIRST_S, "interval_max": RETRY_CAP_S}
        connection: Connection = super().ensure_connection(*args, **{**intervals, **kwargs})
        return connection


class QuickAMQP(AMQP):
    """Where Celery takes its connections from."""

    Connection = QuickConnection


class SweepWhenConnected(bootsteps.StartStopStep):
    """Runs at every connection of the worker that sweeps.

    A Redis that came back without its data has lost the queues; the beats, which end when Redis does, take seconds
    to send the next sweep.
    """

    requires = ("celery.worker.consumer:Tasks",)

    def start(self, parent: Consumer) -> None:  # noqa: D102  # Celery's
        queues = parent.task_consumer.queues  # type: ignore[attr-defined]  # set by Celery's step before this one
        if any(queue.name == QueueName.ORCHESTRATOR.value for queue in queues):
            published = enqueue([parent.app.tasks[SWEEP].s()])
            log.info("broker.connected", swept=bool(published))


def come_back_soon(app: Celery) -> None:
    """Give the application's workers these steps."""
    app.steps["consumer"].add(SweepWhenConnected)
