"""Logs: one JSON object a line on stderr, with a fixed event name, ids, and never an address."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from structlog.typing import Processor

MOST_CHARS = 10_000
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


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
        hide_addresses,
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)


def shorten(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut the middle out of long texts: a server's error quotes whatever value it was sent."""
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > MOST_CHARS:
            left_out = len(value) - MOST_CHARS
            fields[name] = f"{value[: MOST_CHARS // 2]} … {left_out} characters … {value[-MOST_CHARS // 2 :]}"
    return fields


def hide_addresses(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put `<address>` in place of mail addresses that came in through the text of an error."""
    for name, value in fields.items():
        if isinstance(value, str) and "@" in value:
            fields[name] = _ADDRESS.sub("<address>", value)
    return fields


def _to_json(fields: dict[str, Any], **_: Any) -> str:
    return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
