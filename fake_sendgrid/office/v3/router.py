"""Finds the handler of a v3 path, checks the key's scope, and turns refusals into the provider's answers."""

import re
import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from fake_sendgrid.office.store import read_thing
from fake_sendgrid.office.v3 import (
    groups,
    mail_batches,
    messages,
    scopes,
    suppression,
    templates,
    webhook_settings,
)
from fake_sendgrid.office.v3.call import Answer, Call, CallError, Handler, Route

ROUTES: tuple[Route, ...] = (
    *scopes.ROUTES,
    *messages.ROUTES,
    *suppression.ROUTES,
    *groups.ROUTES,
    *mail_batches.ROUTES,
    *templates.ROUTES,
    *webhook_settings.ROUTES,
)
_COMPILED = tuple(
    (method, re.compile(path.replace("*", "([^/]+)")), scope, handler) for method, path, scope, handler in ROUTES
)
_PREFIX = "bearer "
NOT_FOUND = Answer(404, {"errors": [{"field": None, "message": "resource not found"}]})
NOT_ALLOWED = Answer(405, {"errors": [{"field": None, "message": "method not allowed"}]})


@dataclass(frozen=True, slots=True)
class Router:
    """Runs on the database thread."""

    store: sqlite3.Connection
    public_key: str

    def answer(self, message: dict[str, Any], *, body: bytes, now_s: float) -> Answer:
        """The answer to a request as the wire passes it on."""
        key = _read_key(message["headers"])
        granted = read_thing(self.store, "key", key) if key else None
        if granted is None:
            return _refuse("authorization required" if key is None else _BAD_KEY, 401)
        found = _find(message["method"], message["path"])
        if isinstance(found, Answer):
            return found
        names, scope, handler = found
        if scope and scope not in granted:
            return _refuse("access forbidden", 403)
        query = dict(parse_qsl(message["query"], keep_blank_values=True))
        call = Call(self.store, message["method"], names, query, body, now_s, str(key), self.public_key)
        try:
            return handler(call)
        except CallError as exc:
            return exc.answer


_BAD_KEY = "The provided authorization grant is invalid, expired, or revoked"


def _read_key(headers: dict[str, str]) -> str | None:
    header = headers.get("authorization", "")
    return header[len(_PREFIX) :].strip() if header[: len(_PREFIX)].lower() == _PREFIX else None


def _refuse(message: str, status: int) -> Answer:
    return Answer(status, {"errors": [{"field": None, "message": message}]})


def _find(method: str, path: str) -> tuple[tuple[str, ...], str, Handler] | Answer:
    known = False
    for allowed, pattern, scope, handler in _COMPILED:
        match = pattern.fullmatch(path)
        if match and allowed == method:
            return tuple(unquote(name) for name in match.groups()), scope, handler
        known = known or match is not None
    return NOT_ALLOWED if known else NOT_FOUND
