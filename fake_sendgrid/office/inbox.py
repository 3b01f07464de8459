"""Accepted mails to look at: a page of them, or one with its contents and events."""

import sqlite3
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from fake_sendgrid.office.event import show_event
from fake_sendgrid.office.rendering import Rendered, render_mail
from fake_sendgrid.wire.bodies import read_body

_PAGE = """
SELECT seq, line, status, opens, clicks, received_at FROM mails
WHERE seq < ? AND (? = '' OR email LIKE '%' || ? || '%') ORDER BY seq DESC LIMIT ?
"""
_ONE = "SELECT line, plan, step, received_at FROM mails WHERE seq = ?"


class Listed(BaseModel):
    """One mail in a row."""

    seq: int
    message_id: str
    to: str
    subject: str
    status: str
    opens: int
    clicks: int
    received_at: float
    custom_args: dict[str, str]


class Opened(BaseModel):
    """One mail in full; contents are empty when the body is no longer kept (`kept` says so)."""

    line: dict[str, Any]
    kept: bool
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    problems: list[str]
    events: list[dict[str, Any]]


def list_mails(store: sqlite3.Connection, *, before: int, to: str, limit: int) -> list[Listed]:
    """Newest first, from before a seq, optionally only addresses that contain `to`."""
    return [_list_row(row) for row in store.execute(_PAGE, (before, to, to, limit))]


def _list_row(row: tuple[int, bytes, str, int, int, float]) -> Listed:
    seq, raw, status, opens, clicks, received_at = row
    line = orjson.loads(raw)
    return Listed(
        seq=seq,
        message_id=line["message_id"],
        to=line["to"],
        subject=line["subject"],
        status=status,
        opens=opens,
        clicks=clicks,
        received_at=received_at,
        custom_args=line["custom_args"],
    )


def open_mail(store: sqlite3.Connection, bodies: Path, seq: int) -> Opened | None:
    """One mail with its contents and the events told so far; None when there is no such mail."""
    row = store.execute(_ONE, (seq,)).fetchone()
    if row is None:
        return None
    line = orjson.loads(row[0])
    body = read_body(bodies, line["body_at"])
    rendered = render_mail(store, orjson.loads(body), line) if body else Rendered(headers={}, subject=line["subject"])
    return Opened(
        line=line,
        kept=body is not None,
        subject=rendered.subject,
        headers=rendered.headers,
        text=rendered.text,
        html=rendered.html,
        problems=rendered.problems,
        events=_show_events(line, row[1], row[2], row[3]),
    )


def _show_events(line: dict[str, Any], raw_plan: bytes | None, step: int, received_at: float) -> list[dict[str, Any]]:
    plan = orjson.loads(raw_plan or b"[]")[:step]
    events = []
    at_s = received_at
    for number, (kind, delay_s, details) in enumerate(plan):
        at_s += delay_s
        events.append(show_event(kind, line=line, step=number, at_s=at_s, details=details))
    return events
