"""Kombu's Redis transport, made to survive what it can't read, and acknowledgements that get lost.

Kombu decodes messages inside the worker's event loop, so that one malformed entry of a list would end the worker;
here it is dropped with a log line. Whatever a dropped message stood for is still in Postgres, and the sweep enqueues
it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, redis, virtual

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""No JSON, no object, no such field, or a field of another type; errors of the connection are none of these."""


class SturdyQoS(redis.QoS):
    """Frees a message's place in the prefetch window also when Redis did not hear of its end.

    Kombu frees it only afterwards, and Celery does no more than log the error: a worker whose Redis hung while it
    acknowledged would have a place less for good, and one with a single place would never take a message again.
    Redis gives the message out once more after the visibility timeout, and claims make that harmless.
    """

    def ack(self, delivery_tag: str) -> None:  # noqa: D102  # kombu's
        try:
            self._remove_from_indices(delivery_tag).execute()  # type: ignore[attr-defined]  # its type stub shows the public part only
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: D102, FBT001, FBT002  # kombu's
        try:
            super().reject(delivery_tag, requeue=requeue)
        except redis.Transport.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


class SturdyChannel(redis.Channel):
    """Drops what can't be read."""

    QoS = SturdyQoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # its type stub shows the public part only
        except UNREADABLE as exc:
            log.error("message.unreadable", error=type(exc).__name__)  # noqa: TRY400  # not a bug of ours
            return True

    def basic_consume(  # noqa: D102  # kombu's word for: call this back for every message
        self,
        queue: str,
        no_ack: bool,  # noqa: FBT001  # kombu's signature
        callback: Callable[..., Any] | None,
        consumer_tag: str | None,
        **kwargs: Any,
    ) -> str:
        assert callback is not None
        consumer: str = super().basic_consume(queue, no_ack, _guarded(callback, queue), consumer_tag, **kwargs)
        return consumer


def _guarded(callback: Callable[..., Any], queue: str) -> Callable[[Any], Any]:
    """Takes away a message that can be read and not understood, which would else occupy the worker."""

    def call(message: Any) -> Any:
        try:
            return callback(message)
        except UNREADABLE as exc:
            log.error("message.unusable", queue=queue, error=type(exc).__name__)  # noqa: TRY400  # not a bug of ours
            message.reject_log_error(log, redis.Transport.connection_errors)

    return call


class SturdyTransport(redis.Transport):
    """Kombu's, with such channels."""

    Channel = SturdyChannel


class SturdySentinelChannel(SturdyChannel, redis.SentinelChannel):
    """The same on the master that sentinels name."""


class SturdySentinelTransport(redis.SentinelTransport):
    """Kombu's, with such channels."""

    Channel = SturdySentinelChannel


def survive_poison() -> None:
    """Let this process reach Redis through it; call before the first connection.

    Celery's setting `broker_transport` would do the same, but hides from kombu that a rediss:// URL wants TLS.
    """
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{SturdyTransport.__name__}"
    TRANSPORT_ALIASES["sentinel"] = f"{__name__}:{SturdySentinelTransport.__name__}"
