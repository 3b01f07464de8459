"""Logs: one JSON object a line on stderr, with a fixed event name, ids, and never an address.

Which campaign, batch and task a line belongs to is bound where the work begins: system/tasks/context.py.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from system.privacy import hide_within

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from structlog.typing import Processor

MOST_CHARS = 10_000
OF_THE_SERVER = ("_granian", "granian.access")
"""Granian's loggers, which would print an error over many lines with whatever it quotes."""
log = structlog.get_logger(__name__)

_hearers: list[Callable[[BaseException], object]] = []


def on_exception(hear: Callable[[BaseException], object]) -> None:
    """Let somebody hear of each exception that we log with its traceback."""
    _hearers.append(hear)


def is_heard() -> bool:
    """Whether somebody hears of them."""
    return bool(_hearers)


def configure(level: str) -> None:
    """Set up structlog, and the standard library's logging for everybody else; safe to call again.

    Celery workers call it from their `setup_logging` signal, so that Celery leaves logging alone.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = [
        structlog.processors.format_exc_info,
        shorten,
        hide_private,
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]
    structlog.configure(
        processors=[*shared, tell, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, name_task],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    for name in OF_THE_SERVER:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    sys.excepthook = _log_the_end
    threading.excepthook = lambda failed: log.error("thread.failed", exc_info=failed.exc_value)


def _log_the_end(kind: type[BaseException], exc: BaseException, _traceback: object) -> None:
    """What Python would print over many lines, and with whatever the error quotes."""
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("process.failed", exc_info=exc)


def tell(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Pass a logged exception on to whoever wants to hear of it."""
    given = fields.get("exc_info")
    exc = given if isinstance(given, BaseException) else sys.exception() if given else None
    if exc is not None:
        for hear in _hearers:
            hear(exc)
    return fields


def shorten(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut the middle out of long texts: a server's error quotes whatever value it was sent."""
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > MOST_CHARS:
            left_out = len(value) - MOST_CHARS
            fields[name] = f"{value[: MOST_CHARS // 2]} … {left_out} characters … {value[-MOST_CHARS // 2 :]}"
    return fields


def hide_private(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put `<address>` and the like in place of what came in through the text of an error or a value."""
    hidden: MutableMapping[str, Any] = hide_within(fields)
    return hidden


def name_task(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the task's name and id on the lines that Celery writes about one, also outside of it."""
    about = getattr(fields["_record"], "data", None)
    if isinstance(about, dict) and "id" in about:
        fields.setdefault("task", about.get("name"))
        fields.setdefault("task_id", about["id"])
    return fields


def _to_json(fields: dict[str, Any], **_: Any) -> str:
    return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
