"""The Activity API's query language, turned into an SQL condition."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fake_sendgrid.office.activity_fields import (
    CONTAINS_CATEGORY,
    CONTAINS_EVENT,
    EVENT_NAMES,
    FIELDS,
    MESSAGE_ID_CHARS,
    UNIQUE_ARG,
)

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>!=|<>|<=|>=|[=<>(),\[\]])"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*))"""
)
_COMPARISONS = frozenset({"=", "!=", "<>", "<", ">", "<=", ">="})
MAX_DEPTH = 50
Token = tuple[str, str]


class QueryError(Exception):
    """The query cannot be understood; the message is the API's."""


def parse_query(text: str) -> tuple[str, list[Any]]:
    """An SQL condition and its parameters; raises QueryError."""
    parser = _Parser(_tokenize(text))
    sql = parser.parse_or(0)
    if parser.tokens[parser.at :]:
        raise QueryError(f"invalid syntax: unexpected '{parser.tokens[parser.at][1]}'")
    return sql, parser.values


def _tokenize(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    rest = text.rstrip()
    while at < len(rest):
        match = _TOKEN.match(rest, at)
        if match is None:
            raise QueryError(f"invalid syntax: unexpected '{rest[at : at + 20].strip()}'")
        assert match.lastgroup is not None
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


@dataclass(slots=True)
class _Parser:
    """Recursive descent; each method consumes what it parses and returns SQL."""

    tokens: list[Token]
    at: int = 0
    values: list[Any] = field(default_factory=list)

    def peek(self, *words: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][1].upper() in words

    def skip(self, *words: str) -> bool:
        found = self.peek(*words)
        self.at += found
        return found

    def take(self) -> Token:
        if self.at >= len(self.tokens):
            raise QueryError("invalid syntax: unexpected end of query")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, word: str) -> None:
        token = self.take()
        if token[1].upper() != word:
            raise QueryError(f"invalid syntax: expected '{word}', got '{token[1]}'")

    def parse_or(self, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise QueryError("invalid syntax: too deeply nested")
        parts = [self.parse_and(depth)]
        while self.skip("OR"):
            parts.append(self.parse_and(depth))
        return "(" + " OR ".join(parts) + ")"

    def parse_and(self, depth: int) -> str:
        parts = [self.parse_not(depth)]
        while self.skip("AND"):
            parts.append(self.parse_not(depth))
        return "(" + " AND ".join(parts) + ")"

    def parse_not(self, depth: int) -> str:
        negations = 0
        while self.skip("NOT"):
            negations += 1
        sql = self.parse_primary(depth)
        return f"NOT coalesce({sql}, 0)" if negations % 2 else sql

    def parse_primary(self, depth: int) -> str:
        if self.skip("("):
            sql = self.parse_or(depth + 1)
            self.expect(")")
            return sql
        if self.skip("CONTAINS"):
            return self.parse_contains()
        kind, name = self.take()
        if kind != "word" or (name not in FIELDS and name != "unique_args"):
            raise QueryError(f"invalid syntax: '{name}' is not a known field")
        return self.parse_condition(name, self.parse_field(name))

    def parse_field(self, name: str) -> str:
        if name != "unique_args":
            return FIELDS[name]
        self.expect("[")
        self.values.append('"' + str(self.parse_value()).replace('"', "") + '"')
        self.expect("]")
        return UNIQUE_ARG

    def parse_contains(self) -> str:
        self.expect("(")
        name = self.take()[1]
        self.expect(",")
        value = self.parse_value()
        self.expect(")")
        if name == "events":
            self.values.append(EVENT_NAMES.get(str(value), value))
            return CONTAINS_EVENT
        if name == "categories":
            self.values.append(value)
            return CONTAINS_CATEGORY
        raise QueryError(f"invalid syntax: CONTAINS cannot be used with '{name}'")

    def parse_condition(self, name: str, sql: str) -> str:
        if name == "events":
            raise QueryError("invalid syntax: use CONTAINS(events, ...)")
        if self.skip("IS"):
            negated = "NOT " if self.skip("NOT") else ""
            self.expect("NULL")
            return f"{sql} IS {negated}NULL"
        negated = "NOT " if self.skip("NOT") else ""
        if self.skip("IN"):
            return f"{sql} {negated}IN ({self.parse_list()})"
        if self.skip("BETWEEN"):
            self.values.append(self.parse_value())
            self.expect("AND")
            self.values.append(self.parse_value())
            return f"{sql} {negated}BETWEEN ? AND ?"
        if self.skip("LIKE"):
            return self.parse_like(name, sql, negated)
        sign = self.take()[1]
        if negated or sign not in _COMPARISONS:
            raise QueryError(f"invalid syntax: unexpected '{sign}'")
        self.values.append(self.parse_value())
        return f"{sql} {sign} ?"

    def parse_like(self, name: str, sql: str, negated: str) -> str:
        pattern = str(self.parse_value())
        self.values.append(pattern)
        prefix = pattern[:MESSAGE_ID_CHARS]
        if name == "msg_id" and not negated and len(prefix) == MESSAGE_ID_CHARS and "%" not in prefix:
            self.values.append(prefix)
            return f"({sql} LIKE ? AND message_id = ?)"
        return f"{sql} {negated}LIKE ?"

    def parse_list(self) -> str:
        self.expect("(")
        self.values.append(self.parse_value())
        marks = 1
        while self.skip(","):
            self.values.append(self.parse_value())
            marks += 1
        self.expect(")")
        return ", ".join("?" * marks)

    def parse_value(self) -> Any:
        if self.skip("TIMESTAMP"):
            return _read_time(self.take())
        kind, text = self.take()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return float(text) if "." in text or len(text) > 15 else int(text)  # noqa: PLR2004 - SQLite's integers
        raise QueryError(f"invalid syntax: unexpected '{text}'")


def _read_time(token: Token) -> float:
    try:
        when = datetime.fromisoformat(token[1].strip("\"'"))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise QueryError(f"invalid syntax: {token[1]} is not a timestamp") from None
