"""Reports unexpected errors to Sentry, or whatever speaks its protocol: where they arose and in whose batch.

Nothing of a recipient goes along: no local variables, no request, no log lines before the error, no SQL parameters.
The library is imported where STEADYPOST_SENTRY_DSN is set, and nowhere else.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from system import logs
from system.errors import SettingsError
from system.privacy import hide_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentry_sdk.types import Event, Hint
    from starlette.applications import Starlette

    from system.settings import Settings

MOST_CHARS: Final = 1_000
FLUSH_S: Final = 2
QUIET_S: Final = 60.0
LOGGERS: Final = frozenset({"celery.worker.request", "asyncio"})
"""Whose error lines are reported: killed tasks, callbacks that raised. Others repeat an outage each second."""
_LEFT_OUT: Final = ("request", "user", "extra", "breadcrumbs", "modules")


def start(settings: Settings) -> None:
    """Report from now on, also from processes forked later; does nothing without a DSN, SettingsError for a bad one."""
    if not settings.sentry_dsn:
        return
    import sentry_sdk  # noqa: PLC0415  # imports that only those who report should pay for
    from sentry_sdk.integrations.celery import CeleryIntegration  # noqa: PLC0415  # same
    from sentry_sdk.integrations.dedupe import DedupeIntegration  # noqa: PLC0415  # same
    from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415  # same
    from sentry_sdk.utils import BadDsn  # noqa: PLC0415  # same

    try:
        sentry_sdk.init(
            dsn=settings.sentry_dsn.get_secret_value(),
            environment=settings.environment,
            release=settings.release,
            default_integrations=False,
            integrations=[
                CeleryIntegration(propagate_traces=False),
                DedupeIntegration(),
                LoggingIntegration(level=None),
            ],
            # send_default_pii is off unless something is said of it, which the library calls deprecated.
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            max_value_length=MOST_CHARS,
            auto_session_tracking=False,
            shutdown_timeout=FLUSH_S,
            before_send=Preparation(),
        )
    except BadDsn as exc:
        raise SettingsError(f"STEADYPOST_SENTRY_DSN: {exc}; copy it from the project's settings in Sentry") from None
    logs.on_exception(sentry_sdk.capture_exception)


def watch(app: Starlette) -> None:
    """Report errors that escape a request, when reporting is on; inside the middleware that binds the request's id."""
    if logs.is_heard():
        from sentry_sdk.integrations.asgi import SentryAsgiMiddleware  # noqa: PLC0415  # as above

        app.add_middleware(SentryAsgiMiddleware)


class Preparation:
    """What is sent of an event: tags of the context, no person; None for what is not reported.

    The same error at the same place is reported once a minute by each process: an outage makes one with every task.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reported_at: dict[tuple[str, ...], float] = {}

    def __call__(self, event: Event, _hint: Hint) -> Event | None:  # noqa: D102  # the library calls it
        if event.get("logger") not in {None, *LOGGERS} or not self._is_news(event):
            return None
        sent: dict[str, Any] = {name: value for name, value in event.items() if name not in _LEFT_OUT}
        sent["tags"] = {name: str(value) for name, value in structlog.contextvars.get_contextvars().items()}
        hidden: Event = hide_within(sent, depth=-20)  # a frame's lines lie deep
        return hidden

    def _is_news(self, event: Event) -> bool:
        now_s, kind = self._clock(), _kind(event)
        if now_s - self._reported_at.get(kind, -QUIET_S) < QUIET_S:
            return False
        self._reported_at = {k: at_s for k, at_s in self._reported_at.items() if now_s - at_s < QUIET_S} | {kind: now_s}
        return True


def _kind(event: Event) -> tuple[str, ...]:
    """What went wrong, in which task, and where."""
    errors: Any = event.get("exception", {}).get("values") or [{}]
    frames = errors[-1].get("stacktrace", {}).get("frames") or [{}]
    task = structlog.contextvars.get_contextvars().get("task", "")
    message = "" if "type" in errors[-1] else str(event.get("logentry", {}).get("message"))
    return (str(errors[-1].get("type")), str(task), str(frames[-1].get("function")), message)
