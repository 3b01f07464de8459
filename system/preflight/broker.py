"""The broker as Celery reaches it, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed
from celery import Celery
from kombu.exceptions import OperationalError

from system.errors import DependencyError
from system.preflight.finding import Finding, Level
from system.tasks.configuration import celery_configuration

if TYPE_CHECKING:
    from system.settings import Settings


def examine_broker(settings: Settings) -> list[Finding]:
    """DependencyError when it can't be reached."""
    app = Celery(set_as_current=False)
    app.conf.update(celery_configuration(settings))
    try:
        with app.connection_for_write(connect_timeout=settings.socket_timeout_s) as connection:
            connection.ensure_connection(max_retries=1, timeout=int(settings.socket_timeout_s))
            return [Finding(what="broker", level=Level.OK, says=connection.as_uri())]
    except (AccessRefused, NotAllowed) as exc:
        says = f"does not let us in: {exc}; check user, password and virtual host of its URL"
        return [Finding(what="broker", level=Level.FIX, says=says)]
    except (OperationalError, AMQPError, OSError) as exc:
        reason = f"broker can't be reached: {exc}. Check that it runs and that its URL is right."
        raise DependencyError(reason) from None


def examine_rabbit(settings: Settings) -> list[Finding]:
    """The same where RabbitMQ holds the queues; a Redis is looked at more closely."""
    return [] if settings.redis_broker else examine_broker(settings)
