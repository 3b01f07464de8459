"""Spans, where STEADYPOST_OTLP_ENDPOINT asks for them: each carries the ids of the context, and no text of anybody's.

Without the setting every function here does nothing, and OpenTelemetry is not imported.
"""

from __future__ import annotations

import functools
import inspect
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, TypeVar

from system.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from system.otlp import Tracing
    from system.settings import Settings

Kind = Literal["internal", "producer", "consumer", "client", "server"]
MOST_LINKS: Final = 32
TRACEPARENT: Final = "traceparent"
"""W3C Trace Context: the header of a Celery message, and the argument on a mail that comes back in its events."""
_IN_EVENTS: Final = re.compile(rb'"traceparent" ?: ?"(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})"')

P = ParamSpec("P")
R = TypeVar("R")

_tracing: Tracing | None = None


def start(settings: Settings) -> None:
    """Trace from now on, also in processes forked later; SettingsError where the extra `tracing` is missing."""
    global _tracing  # noqa: PLW0603  # one process, one tracer
    if not settings.otlp_endpoint or _tracing is not None:
        return
    try:
        from system.otlp import Tracing  # noqa: PLC0415  # imports that only those who trace should pay for
    except ImportError as exc:
        raise SettingsError(
            f"STEADYPOST_OTLP_ENDPOINT is set, and {exc.name} is not installed; install the extra `tracing` "
            "(docker compose build --build-arg TRACING=1), or unset it"
        ) from None
    _tracing = Tracing(settings)


def is_on() -> bool:
    """Whether spans are recorded."""
    return _tracing is not None


@contextmanager
def span(name: str, *, kind: Kind = "internal", within: str | None = None, **attributes: Any) -> Iterator[None]:
    """One span around a block; `within` continues the trace of another process. An error is noted by its type alone."""
    if _tracing is None:
        yield
        return
    with _tracing.span(name, kind=kind, within=within, attributes=attributes):
        yield


def spanned(name: str, *, kind: Kind = "internal") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The same around each call of a function or a coroutine."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        async def wait(awaited: Awaitable[Any]) -> Any:
            with span(name, kind=kind):
                return await awaited

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if _tracing is None:
                return function(*args, **kwargs)
            if inspect.iscoroutinefunction(function):
                return wait(function(*args, **kwargs))  # type: ignore[return-value]  # R is a coroutine here
            with span(name, kind=kind):
                return function(*args, **kwargs)

        return call

    return decorate


def begin_trace(name: str, **attributes: Any) -> str | None:
    """A trace of its own, linked to the span of the present; what to hand on so that others continue it."""
    return _tracing.begin(name, attributes=attributes) if _tracing else None


def current() -> str | None:
    """What to hand on so that the present span is continued elsewhere; None outside of any."""
    return _tracing.current() if _tracing else None


def link_mails(posts: bytes) -> None:
    """Link the present span to the batches that sent the mails which these events are about."""
    if _tracing is None:
        return
    found = dict.fromkeys(match[1].decode() for match in _IN_EVENTS.finditer(posts))
    _tracing.link(list(found)[:MOST_LINKS])


def note(**attributes: Any) -> None:
    """Put something on the present span that was not known when it began."""
    if _tracing is not None:
        _tracing.note(attributes)


def fail(error: BaseException) -> None:
    """Mark the present span as failed, where the error does not pass through its block."""
    if _tracing is not None:
        _tracing.fail(error)


def flush() -> None:
    """Send what waits, for at most two seconds: before a process ends."""
    if _tracing is not None:
        _tracing.flush()
