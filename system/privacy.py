"""What must not leave the process in a log line, an error report or a trace, and what is put in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

_LOCAL: Final = r"[\w.!#$%&'*+/=?^`{|}~-]"
_QUOTED: Final = r"\"[^\"\n]{1,64}\""
_HIDDEN: Final = (
    # A URL's user and password, before addresses: `password@host` looks like one.
    (re.compile(r"(?<=://)[^\s/@]+(?=@)"), "<login>"),
    # Starts where the local part starts, so that a long text without any address is read once. Also as in a URL.
    (re.compile(rf"(?:(?<!{_LOCAL}){_LOCAL}+|{_QUOTED})(?:@|%40)(?:[\w-]+(?:\.[\w-]+)+|\[[\w.:]+\])"), "<address>"),
    # The last part of an unsubscribe link, with which anybody could unsubscribe its owner.
    (re.compile(r"(?<=/u/)[\w.~-]+"), "<token>"),
    (re.compile(r"(?<=Bearer )\S+|\bSG\.[\w.-]+"), "<key>"),
    # PostgreSQL quotes the row that it refused; SQLAlchemy what it was given, unless an engine is told not to.
    (re.compile(r"((?:DETAIL|CONTEXT):).*|(\[parameters:).*"), r"\1\2 <row>"),
)
DEEPEST: Final = 8


def hide(text: str) -> str:
    """The text without addresses, logins, keys, unsubscribe tokens and values of the database's rows."""
    for pattern, mark in _HIDDEN:
        text = pattern.sub(mark, text)
    return text


def hide_within(value: Any, *, depth: int = 0) -> Any:
    """The same for whatever JSON will show of a value: keys and values of any depth, and other objects as text."""
    if value is None or isinstance(value, bool | int | float | date):
        return value
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {hide_within(k, depth=DEEPEST): hide_within(v, depth=depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
        return [hide_within(item, depth=depth + 1) for item in value]
    return hide(str(value))
