from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.mail.reply import Reply, ReplyKind, read_reply

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def read(status: int, body: bytes = b"", ambiguous: frozenset[int] = frozenset(range(500, 600)),
         **headers: str) -> Reply:  # fmt: skip
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_reply(status=status, headers=given_headers, body=body, ambiguous_statuses=ambiguous, now=NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, ReplyKind.AMBIGUOUS),
        (301, ReplyKind.AMBIGUOUS),
        (400, ReplyKind.REJECTED),
        (401, ReplyKind.BLOCKED),
        (403, ReplyKind.BLOCKED),
        (404, ReplyKind.REJECTED),
        (405, ReplyKind.REJECTED),
        (408, ReplyKind.AMBIGUOUS),
        (413, ReplyKind.REJECTED),
        (415, ReplyKind.REJECTED),
        (429, ReplyKind.THROTTLED),
        (499, ReplyKind.REJECTED),
        (500, ReplyKind.AMBIGUOUS),
        (502, ReplyKind.AMBIGUOUS),
        (503, ReplyKind.AMBIGUOUS),
        (504, ReplyKind.AMBIGUOUS),
    ],
)
def test_a_status_says_whether_the_mail_was_accepted(status: int, kind: ReplyKind) -> None:
    assert read(status).kind is kind
    assert read(status).reason == f"{status}: no readable error"


def test_a_202_with_its_message_id_is_accepted() -> None:
    assert read(202, X_Message_Id="m1") == Reply(kind=ReplyKind.ACCEPTED, message_id="m1")


def test_a_202_without_a_message_id_tells_nothing() -> None:
    assert read(202) == Reply(kind=ReplyKind.AMBIGUOUS, reason="202 without X-Message-Id")


def test_a_status_that_the_operator_trusts_as_a_no_is_one() -> None:
    assert read(503, ambiguous=frozenset({500})).kind is ReplyKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "0"}, 0.0),
        ({"Retry_After": "999999999"}, 999_999_999.0),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "Mon, 16 Nov 2026 09:00:30 GMT"}, 30.0),
        ({"Retry_After": "Mon, 16 Nov 2026 08:00:00 GMT"}, 0.0),
        ({"Retry_After": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
        ({"X_RateLimit_Reset": str(int((NOW + timedelta(seconds=12)).timestamp()))}, 12.0),
        ({"X_RateLimit_Reset": "1"}, 0.0),
        ({"X_RateLimit_Reset": "never"}, None),
        ({"Retry_After": "3", "X_RateLimit_Reset": "1"}, 3.0),
    ],
)
def test_a_throttled_mail_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert read(429, **headers).retry_after_s == seconds


def test_a_wait_is_only_believed_when_throttled() -> None:
    assert read(503, Retry_After="7").retry_after_s is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"errors":[{"message":"Bad.","field":"subject"},{"message":"Worse."}]}', "400: subject Bad."),
        (b'{"errors":[{"message":"Bad.","field":null}]}', "400: Bad."),
        (b'{"errors":[]}', "400: no readable error"),
        (b'{"errors":[{"message":null}]}', "400: None"),
        (b'{"errors":"no"}', "400: no readable error"),
        (b"<html>Bad</html>", "400: no readable error"),
        (b"\xff\xfe", "400: no readable error"),
        (b"[" * 100_000, "400: no readable error"),
        (b"9" * 5_000, "400: no readable error"),
    ],
)
def test_the_reason_is_the_first_error_of_the_body(body: bytes, reason: str) -> None:
    assert read(400, body).reason == reason


def test_a_reason_names_no_address() -> None:
    body = json.dumps({"errors": [{"message": 'Email "ada@example.org" is invalid'}]}).encode()
    assert read(400, body).reason == "400: Email <address> is invalid"


def test_a_reason_is_bounded() -> None:
    assert len(read(400, json.dumps({"errors": [{"message": "x" * 5_000}]}).encode()).reason or "") == 300


@pytest.mark.parametrize("message", ["a\x00b", "a\ud800b", "a\nb"])
def test_a_reason_can_be_stored_whatever_the_provider_wrote(message: str) -> None:
    reason = read(400, json.dumps({"errors": [{"message": message}]}).encode()).reason or ""
    assert "\x00" not in reason
    assert reason.encode()
    assert reason.startswith("400: a")


@pytest.mark.parametrize("message_id", ["a\x00b", "a\udcffb", "m" * 5_000])
def test_a_message_id_can_be_stored_whatever_the_provider_wrote(message_id: str) -> None:
    reply = read(202, X_Message_Id=message_id)
    assert reply.kind is ReplyKind.ACCEPTED
    assert "\x00" not in (reply.message_id or "")
    assert len((reply.message_id or "").encode()) <= 1_000


@given(
    st.integers(100, 999),
    st.binary(max_size=200) | st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(lambda value: json.dumps({"errors": value}).encode()),
    st.text(max_size=40),
    st.text(max_size=40),
)  # fmt: skip
def test_no_answer_can_make_the_reader_fail(status: int, body: bytes, after: str, reset: str) -> None:
    reply = read(status, body, X_Message_Id=reset, Retry_After=after, X_RateLimit_Reset=reset)
    assert reply.retry_after_s is None or reply.retry_after_s >= 0
    assert "\x00" not in (reply.reason or "")
