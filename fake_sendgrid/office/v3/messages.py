"""messages: the Email Activity API, over what the ledger says and the events that have been told."""

import sqlite3
import time
import uuid
from typing import Any

import orjson

from fake_sendgrid.office.activity_query import QueryError, parse_query
from fake_sendgrid.office.event import make_sg_message_id
from fake_sendgrid.office.store import read_thing, write_thing
from fake_sendgrid.office.v3.call import Answer, Call, CallError, Route

MAX_ROWS = 1000
DOWNLOAD_EVERY_S = 12 * 3600
_COLUMNS = "line, status, opens, clicks, last_event_at, plan, step, received_at"
_SHOWN = {"bounce": "bounced", "open": "opened", "click": "clicked", "spamreport": "spam_report"}


def _say_when(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def _show_row(row: tuple[Any, ...]) -> dict[str, Any]:
    raw, status, opens, clicks, last_event_at = row[:5]
    line = orjson.loads(raw)
    return {
        "from_email": line["from"],
        "msg_id": make_sg_message_id(line),
        "subject": line["subject"],
        "to_email": line["to"],
        "status": status,
        "opens_count": opens,
        "clicks_count": clicks,
        "last_event_time": _say_when(last_event_at),
    }


def _list(call: Call) -> Answer:
    limit = call.number("limit", default=10, most=MAX_ROWS, least=1)
    query = call.query.get("query", "").strip()
    try:
        condition, values = parse_query(query) if query else ("1", [])
        sql = f"SELECT {_COLUMNS} FROM mails WHERE {condition} ORDER BY last_event_at DESC, seq DESC LIMIT ?"  # noqa: S608 - columns and conditions are ours, values are bound
        rows = call.store.execute(sql, (*values, limit)).fetchall()
    except QueryError as exc:
        raise CallError(400, str(exc), field="query") from None
    except sqlite3.Error:
        raise CallError(400, "invalid syntax: the query is too complex", field="query") from None
    return Answer(200, {"messages": [_show_row(row) for row in rows]})


def _show(call: Call) -> Answer:
    wanted = call.names[0]
    sql = f"SELECT {_COLUMNS} FROM mails WHERE message_id = ?"  # noqa: S608 - columns are ours
    for row in call.store.execute(sql, (wanted.partition(".")[0],)):
        if make_sg_message_id(orjson.loads(row[0])) == wanted:
            return Answer(200, _show_in_full(row))
    raise CallError(404, "not found", field="message_id")


def _show_in_full(row: tuple[Any, ...]) -> dict[str, Any]:
    line, short = orjson.loads(row[0]), _show_row(row)
    return {
        **{name: short[name] for name in ("from_email", "msg_id", "subject", "to_email", "status")},
        "template_id": line.get("template_id", ""),
        "asm_group_id": line.get("asm_group_id", 0),
        "teammate": "",
        "api_key_id": "fake",
        "events": _show_events(row),
        "originating_ip": "127.0.0.1",
        "categories": line.get("categories", []),
        "unique_args": orjson.dumps(line["custom_args"]).decode(),
        "outbound_ip": "167.89.112.86",
        "outbound_ip_type": "shared",
    }


def _show_events(row: tuple[Any, ...]) -> list[dict[str, Any]]:
    *_, raw_plan, step, received_at = row
    events = []
    at_s = received_at
    for kind, delay_s, details in orjson.loads(raw_plan or b"[]")[:step]:
        at_s += delay_s
        shown: dict[str, Any] = {"event_name": _SHOWN.get(kind, kind), "processed": _say_when(at_s)}
        shown |= {name: details[name] for name in ("reason", "url", "attempt") if name in details}
        if kind == "bounce":
            shown["bounce_type"] = "soft" if details["type"] == "blocked" else "hard"
        events.append(shown)
    return events


def _request_download(call: Call) -> Answer:
    last = read_thing(call.store, "download", "last")
    if last is not None and call.now_s - last < DOWNLOAD_EVERY_S:
        raise CallError(429, "too many requests")
    write_thing(call.store, "download", "last", call.now_s)
    message = "An email will be sent to you when the CSV is ready to download."
    return Answer(202, {"status": "pending", "message": message})


def _show_download(call: Call) -> Answer:
    try:
        uuid.UUID(call.names[0])
    except ValueError:
        raise CallError(400, "invalid uuid", field="download_uuid") from None
    raise CallError(404, "not found", field="download_uuid")


ROUTES: tuple[Route, ...] = (
    ("GET", "/v3/messages", "messages.read", _list),
    ("POST", "/v3/messages/download", "messages.read", _request_download),
    ("GET", "/v3/messages/download/*", "messages.read", _show_download),
    ("GET", "/v3/messages/*", "messages.read", _show),
)
