"""One call of a v3 endpoint, and its answer."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body; None is an empty body."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """`names` are the variable parts of the path; `body` is raw."""

    store: sqlite3.Connection
    method: str
    names: tuple[str, ...]
    query: dict[str, str]
    raw_body: bytes
    now_s: float
    key: str
    public_key: str

    def body(self) -> dict[str, Any]:
        """The JSON object of the body; raises CallError when it is none."""
        try:
            body = orjson.loads(self.raw_body or b"{}")
        except orjson.JSONDecodeError:
            raise CallError(400, "request body is invalid") from None
        if not isinstance(body, dict):
            raise CallError(400, "request body is invalid")
        return body

    def number(self, name: str, *, default: int, most: int, least: int = 0) -> int:
        """A whole number of the query within its bounds; raises CallError."""
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not least <= int(text[:18]) <= most:
            raise CallError(400, f"{name} must be a number between {least} and {most}", field=name)
        return int(text)


class CallError(Exception):
    """An answer of the provider's error shape."""

    def __init__(self, status: int, message: str, *, field: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"errors": [{"field": field, "message": message, **extra}]})


Handler = Callable[[Call], Answer]
Route = tuple[str, str, str, Handler]
"""Method, path pattern with `*` for variable parts, scope, handler."""


def require_text(body: dict[str, Any], name: str, *, most: int = 1000) -> str:
    """A text of the body; raises CallError."""
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > most:
        raise CallError(400, f"{name} is required and must be a string of 1 to {most} characters", field=name)
    return value


def require_texts(body: dict[str, Any], name: str) -> list[str]:
    """A list of texts of the body; raises CallError."""
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise CallError(400, f"{name} is required and must be an array of strings", field=name)
    return value
