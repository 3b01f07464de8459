"""What becomes of a webhook post: stored and committed before 204, or refused without a trace."""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import TYPE_CHECKING

import pytest
import redis
from sqlalchemy import Engine, text

from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from web_process import Provider, StartWeb, Web

pytestmark = pytest.mark.integration

BODY = (
    b'[{"email":"ada@example.com","event":"delivered","sg_event_id":"a1","timestamp":1},\r\n'
    b'{"email":"ada@example.com","event":"open","sg_event_id":"a2","timestamp":2}]\r\n'
)


def bodies(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return [bytes(row.body) for row in connection.execute(text("SELECT body FROM webhook_inbox ORDER BY id"))]


def test_a_genuine_post_is_stored_byte_for_byte_before_204(web: Web, provider: Provider, engine: Engine) -> None:
    with web.counting(stored=1, events=2, answers=1):
        answer = web.post(BODY, provider.sign(BODY))

    assert (answer.status, answer.text) == (204, "")
    assert bodies(engine) == [BODY]


def test_a_replayed_post_is_answered_again_and_stored_once(web: Web, provider: Provider, engine: Engine) -> None:
    headers = provider.sign(BODY)

    with web.counting(stored=1, replayed=2, events=2):
        assert [web.post(BODY, headers).status for _ in range(3)] == [204, 204, 204]
    assert bodies(engine) == [BODY]


def test_the_same_events_signed_anew_are_a_post_of_their_own(web: Web, provider: Provider, engine: Engine) -> None:
    now_s = time.time()
    web.post(BODY, provider.sign(BODY, at_s=now_s))
    web.post(BODY, provider.sign(BODY, at_s=now_s - 1))

    assert bodies(engine) == [BODY, BODY]


@pytest.mark.parametrize("body", [b"", b"{", b"null", b'[{"event": 7}]', "[\N{SNOWMAN}]".encode()])
def test_an_authentic_post_is_stored_whatever_it_says(
    body: bytes, web: Web, provider: Provider, engine: Engine
) -> None:
    assert web.post(body, provider.sign(body)).status == 204
    assert bodies(engine) == [body]


def test_posts_that_are_not_the_providers_change_nothing(web: Web, provider: Provider, engine: Engine) -> None:
    genuine = provider.sign(BODY)
    signature, timestamp = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
    other = {signature: provider.sign(b"other")[signature], timestamp: genuine[timestamp]}

    assert web.post(BODY, {}).status == 401
    assert web.post(BODY, {timestamp: genuine[timestamp]}).status == 401
    assert web.post(BODY, other).status == 403
    assert web.post(BODY.replace(b"ada", b"bob"), genuine).status == 403
    assert web.post(BODY, genuine | {timestamp: "1"}).status == 403
    assert web.post(BODY, genuine | {timestamp: "yesterday"}).status == 400
    assert web.post(BODY, genuine | {signature: "not base64!"}).status == 400
    assert web.post(b"[\xff]", provider.sign(b"[\xff]")).status == 400
    assert bodies(engine) == []


def test_a_stale_post_changes_nothing(web: Web, provider: Provider, engine: Engine) -> None:
    with web.counting(stale=1, stored=0):
        answer = web.post(BODY, provider.sign(BODY, at_s=time.time() - 90_001))

    assert (answer.status, answer.text) == (403, "stale\n")
    assert bodies(engine) == []


def test_a_refusal_is_logged_without_what_was_in_it(web: Web) -> None:
    web.post(BODY, {})

    line = next(line for line in web.log_lines() if line["event"] == "webhook.refused")
    assert line["reason"] == "unsigned"
    assert "ada@example.com" not in web.log.read_text()


def test_a_body_that_announces_too_much_is_refused_unread(web: Web) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as client:
        client.sendall(b"POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")

        assert client.recv(1_000).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_grows_too_large_is_refused_before_its_end(web: Web) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as client:
        client.sendall(b"POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.sendall(chunk * 17)  # more than 1 MiB, and no last chunk

        assert client.recv(1_000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("size", [1_048_577, 12_000_000])
def test_a_client_that_sends_too_much_to_the_end_still_reads_why_it_was_refused(web: Web, size: int) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as client:
        client.sendall(f"POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
        client.sendall(b"x" * size)

        assert client.recv(1_000).startswith(b"HTTP/1.1 413 ")


def test_a_post_of_exactly_the_limit_is_stored(web: Web, provider: Provider, engine: Engine) -> None:
    body = b" " * 1_048_576

    assert web.post(body, provider.sign(body)).status == 204
    assert bodies(engine) == [body]


def test_a_post_that_arrives_in_pieces_is_stored(web: Web, provider: Provider, engine: Engine) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in provider.sign(BODY).items())
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as client:
        client.sendall(
            f"POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n{head}\r\n".encode()
        )
        client.sendall(BODY[:7])
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(BODY[7:])

        assert client.recv(1_000).startswith(b"HTTP/1.1 204 ")
    assert bodies(engine) == [BODY]


def test_a_client_that_hangs_up_halfway_harms_nobody(web: Web, provider: Provider, engine: Engine) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as client:
        client.sendall(b"POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[")

    assert web.post(BODY, provider.sign(BODY)).status == 204
    assert bodies(engine) == [BODY]


def test_the_tracking_workers_are_told_of_a_stored_post(
    web: Web, provider: Provider, engine: Engine, web_settings: dict[str, str]
) -> None:
    web.post(BODY, provider.sign(BODY))
    with engine.connect() as connection:
        inbox_id = connection.execute(text("SELECT id FROM webhook_inbox")).scalar_one()

    with redis.Redis.from_url(web_settings["redis_url"]) as broker:
        wait_until_ready(lambda: _told_of(inbox_id, broker), what="the message", deadline_s=10)


def _told_of(inbox_id: int, broker: redis.Redis) -> None:
    while isinstance(message := broker.lpop("tracking"), bytes):
        (inbox_ids,), *_rest = json.loads(base64.b64decode(json.loads(message)["body"]))
        if inbox_id in inbox_ids:
            return
    raise NotReadyError("no message names the post")


def test_a_broker_that_is_down_costs_no_post(
    start_web: StartWeb, closed_port: int, provider: Provider, engine: Engine
) -> None:
    now_s = time.time()
    with start_web(redis_url=f"redis://127.0.0.1:{closed_port}/0") as web:
        answers = [web.post(BODY, provider.sign(BODY, at_s=now_s - age_s)).status for age_s in range(5)]

    assert answers == [204] * 5
    assert len(bodies(engine)) == 5


def test_any_key_of_a_rotation_may_sign(
    start_web: StartWeb, provider: Provider, other_provider: Provider, engine: Engine
) -> None:
    keys = f'["{other_provider.public_key}", "{provider.public_key}"]'
    now_s = time.time()
    with start_web(webhook_public_keys=keys) as web:
        assert web.post(BODY, provider.sign(BODY, at_s=now_s)).status == 204
        assert web.post(BODY, other_provider.sign(BODY, at_s=now_s - 1)).status == 204

    assert len(bodies(engine)) == 2
