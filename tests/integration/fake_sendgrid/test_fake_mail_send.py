"""mail/send over the wire: the order of checks, the answers' bytes and headers, what the ledger says."""

import gzip
import hashlib
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest
import urllib3
from running_fake import API_KEY, MAIL, RunningFake

pytestmark = pytest.mark.integration
BEARER = {"Authorization": f"Bearer {API_KEY}"}
JSON = {**BEARER, "Content-Type": "application/json"}


def _message(answer: urllib3.BaseHTTPResponse) -> str:
    (error,) = json.loads(answer.data)["errors"]
    assert list(error) == ["message", "field", "help"]
    return str(error["message"])


def test_an_accepted_mail_is_answered_like_the_real_service(fake: RunningFake) -> None:
    answer = fake.send()
    assert answer.status == 202
    assert answer.data == b""
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", answer.headers["X-Message-Id"])
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Server"] == "nginx"
    assert answer.headers["x-no-cors-reason"].startswith("https://sendgrid.com/docs/")
    assert answer.headers["x-content-type-options"] == "no-sniff"
    assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]


def test_the_ledger_has_a_line_for_every_recipient(fake: RunningFake) -> None:
    mail = {
        **MAIL,
        "custom_args": {"campaign_id": "w47"},
        "personalizations": [
            {"to": [{"email": "a@example.com"}], "custom_args": {"user_id": "1"}},
            {"to": [{"email": "b@example.com"}], "cc": [{"email": "c@example.com"}], "custom_args": {"user_id": "2"}},
        ],
    }
    message_id = fake.send(mail).headers["X-Message-Id"]
    lines = fake.ledger()
    assert [(line["to"], line["recipient_index"], line.get("role")) for line in lines] == [
        ("a@example.com", 0, None),
        ("b@example.com", 1, None),
        ("c@example.com", 2, "cc"),
    ]
    assert {line["message_id"] for line in lines} == {message_id}
    assert lines[0]["custom_args"] == {"campaign_id": "w47", "user_id": "1"}
    assert lines[0]["content_sha256"] == hashlib.sha256(b"Hello\0").hexdigest()


def test_the_ledger_can_be_read_from_any_seq_on(fake: RunningFake) -> None:
    for _ in range(20):
        fake.send()
    seqs = [line["seq"] for line in fake.ledger()]
    for after in (0, seqs[0], seqs[9], seqs[-1]):
        assert [line["seq"] for line in fake.ledger(after)] == [seq for seq in seqs if seq > after]


def test_rejected_mails_leave_no_acceptance(fake: RunningFake) -> None:
    assert fake.send({**MAIL, "from": None}).status == 400
    assert fake.ledger() == []
    (line,) = fake.ledger(kind="rejected")
    assert line["status"] == 400
    assert "The from object must be provided" in line["message"]


def test_method_is_checked_before_the_key(fake: RunningFake) -> None:
    answer = urllib3.request("GET", f"{fake.api}/v3/mail/send", retries=False)
    assert (answer.status, _message(answer)) == (405, "POST method allowed only")


def test_the_key_is_checked_before_the_content_type(fake: RunningFake) -> None:
    answer = fake.send(b"x", headers={"Content-Type": "text/plain"})
    assert (answer.status, _message(answer)) == (401, "Permission denied, wrong credentials")
    answer = fake.send(b"x", headers={"Authorization": "Bearer SG.wrong.key"})
    message = "The provided authorization grant is invalid, expired, or revoked"
    assert (answer.status, _message(answer)) == (401, message)


def test_a_key_without_the_scope_is_forbidden(fake: RunningFake) -> None:
    fake.manage("PUT", "/account/api-keys", {"key": "SG.read.only", "scopes": ["messages.read"]})
    answer = fake.send(headers={**JSON, "Authorization": "Bearer SG.read.only"})
    assert (answer.status, _message(answer)) == (403, "access forbidden")


def test_the_content_type_is_checked_before_the_body(fake: RunningFake) -> None:
    answer = fake.send(b"{", headers={**BEARER, "Content-Type": "text/plain"})
    assert (answer.status, _message(answer)) == (415, "Content-Type should be application/json.")
    assert fake.send(headers={**BEARER, "Content-Type": "application/json; charset=utf-8"}).status == 202


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 5000], ids=["empty", "cut", "deep"])
def test_a_body_that_is_no_json_is_a_bad_request(fake: RunningFake, body: bytes) -> None:
    answer = fake.send(body)
    assert (answer.status, _message(answer)) == (400, "Bad Request")


def test_a_body_that_is_no_utf8_is_an_unsupported_type(fake: RunningFake) -> None:
    answer = fake.send(b'{"subject": "\xff"}')
    assert (answer.status, _message(answer)) == (415, "Invalid UTF8 in request")


def test_more_than_30_mb_is_refused_by_the_edge_in_html(fake: RunningFake) -> None:
    mail = {**MAIL, "content": [{"type": "text/plain", "value": "x" * (30 * 1024 * 1024)}]}
    answer = fake.send(mail)
    assert answer.status == 413
    assert answer.headers["Content-Type"] == "text/html"
    assert b"413 Request Entity Too Large" in answer.data


def test_a_gzip_body_is_unpacked(fake: RunningFake) -> None:
    body = gzip.compress(json.dumps(MAIL).encode())
    assert fake.send(body, headers={**JSON, "Content-Encoding": "gzip"}).status == 202
    assert fake.send(b"no gzip", headers={**JSON, "Content-Encoding": "gzip"}).status == 400


def test_a_gzip_bomb_is_too_large_and_not_unpacked(fake: RunningFake) -> None:
    bomb = gzip.compress(b" " * (40 * 1024 * 1024))
    assert fake.send(bomb, headers={**JSON, "Content-Encoding": "gzip"}).status == 413


def test_the_sandbox_validates_and_accepts_nothing(fake: RunningFake) -> None:
    settings = {"mail_settings": {"sandbox_mode": {"enable": True}}}
    assert fake.send({**MAIL, **settings}).status == 200
    assert fake.send({**MAIL, **settings, "content": []}).status == 400
    assert fake.ledger() == []


def test_an_unverified_sender_is_forbidden_when_senders_are_verified(fake: RunningFake) -> None:
    fake.manage("PUT", "/account/choices", {"senders": ["@example.com"]})
    assert fake.send().status == 202
    answer = fake.send({**MAIL, "from": {"email": "news@example.org"}})
    assert answer.status == 403
    assert "does not match a verified Sender Identity" in _message(answer)


def test_above_its_limit_the_fake_answers_429(fake: RunningFake) -> None:
    fake.manage("PUT", "/pace", {"latency_ms": 0, "mails_per_s": 3})
    answers = [fake.send() for _ in range(6)]
    assert [answer.status for answer in answers] == [202, 202, 202, 429, 429, 429]
    assert _message(answers[-1]) == "too many requests"
    assert fake.manage("GET", "/summary")["peak_per_rolling_s"] == 3


def test_the_summary_counts_duplicates_per_campaign_and_user(fake: RunningFake) -> None:
    for user in ("1", "2", "1", "1"):
        fake.send({**MAIL, "custom_args": {"campaign_id": "w47", "user_id": user}})
    summary = fake.manage("GET", "/summary")
    assert summary["accepted"] == 4
    assert summary["duplicates"] == [{"campaign_id": "w47", "user_id": "1", "count": 3}]


def test_pipelined_requests_are_answered_in_their_order(fake: RunningFake) -> None:
    fake.manage("PUT", "/faults", {"name": "slow", "fault": "late_accept", "delay_s": 0.3, "count": 1})
    body = json.dumps(MAIL).encode()
    head = f"Host: x\r\nAuthorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\n"
    good = f"POST /v3/mail/send HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    bad = f"GET /v3/mail/send HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode()
    address = urlsplit(fake.api)
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall(good + good + bad)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"202", b"202", b"405"]


def test_an_unknown_path_is_not_found_in_the_providers_shape(fake: RunningFake) -> None:
    assert fake.v3("GET", "/nothing") == (404, {"errors": [{"field": None, "message": "resource not found"}]})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a packet arrived")
def test_the_receipt_time_is_the_kernels_even_when_the_fake_was_stopped(fake: RunningFake) -> None:
    fake.send()
    os.kill(fake.process.pid, signal.SIGSTOP)
    client = threading.Thread(target=fake.send)
    client.start()
    time.sleep(0.05)
    sent_ns = time.monotonic_ns()
    time.sleep(0.5)
    os.kill(fake.process.pid, signal.SIGCONT)
    client.join(10)
    assert abs(fake.ledger()[-1]["mono_ns"] - sent_ns) < 300_000_000
