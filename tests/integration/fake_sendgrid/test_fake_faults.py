"""Every fault on the menu, as a client sees it and as the ledger tells it."""

import json
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from running_fake import API_KEY, MAIL, RunningFake, wait_for

pytestmark = pytest.mark.integration


def _put(fake: RunningFake, fault: str, **options: Any) -> None:
    fake.manage("PUT", "/faults", {"name": "rule", "fault": fault, **options})


def _bites(fake: RunningFake) -> int:
    return sum(one["bites"] for one in fake.manage("GET", "/faults"))


def _raw(fake: RunningFake, *, timeout_s: float = 2.0) -> bytes:
    """What a client reads until the end of the connection, or until its patience ends."""
    address = urlsplit(fake.api)
    body = json.dumps(MAIL).encode()
    head = f"POST /v3/mail/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=timeout_s) as client:
        client.sendall(head.encode() + body)
        return b"".join(iter(lambda: client.recv(4096), b""))


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [("close", 0), ("accept_then_close", 1)],
)
def test_a_close_without_an_answer(fake: RunningFake, fault: str, accepted: int) -> None:
    _put(fake, fault)
    assert _raw(fake) == b""
    assert len(fake.ledger()) == accepted
    assert _bites(fake) == 1


@pytest.mark.parametrize(("fault", "accepted"), [("reset", 0), ("accept_then_reset", 1)])
def test_a_reset(fake: RunningFake, fault: str, accepted: int) -> None:
    _put(fake, fault)
    with pytest.raises(ConnectionResetError):
        _raw(fake)
    assert len(fake.ledger()) == accepted


@pytest.mark.parametrize(("fault", "accepted"), [("hang", 0), ("accept_then_hang", 1)])
def test_a_hang_lasts_longer_than_the_client_waits(fake: RunningFake, fault: str, accepted: int) -> None:
    _put(fake, fault, delay_s=30)
    with pytest.raises(TimeoutError):
        _raw(fake, timeout_s=0.3)
    assert len(fake.ledger()) == accepted


def test_a_hang_ends_with_a_close(fake: RunningFake) -> None:
    _put(fake, "hang", delay_s=0.1)
    assert _raw(fake) == b""


def test_a_late_acceptance_comes_after_the_client_has_gone(fake: RunningFake) -> None:
    _put(fake, "late_accept", delay_s=0.6)
    with pytest.raises(TimeoutError):
        _raw(fake, timeout_s=0.2)
    assert fake.ledger() == []
    (line,) = wait_for(fake.ledger, "the late acceptance")
    assert time.time() - line["received_at"] > 0.5


@pytest.mark.parametrize(
    ("fault", "status", "kind", "accepted"),
    [
        ("status", 500, "application/json", 0),
        ("status", 503, "application/json", 0),
        ("status", 502, "text/html", 0),
        ("html", 504, "text/html", 0),
        ("accept_then_status", 500, "application/json", 1),
        ("accept_then_html", 502, "text/html", 1),
    ],
)
def test_failures_with_and_without_acceptance(
    fake: RunningFake, fault: str, status: int, kind: str, accepted: int
) -> None:
    _put(fake, fault, status=status)
    answer = fake.send()
    assert (answer.status, answer.headers["Content-Type"]) == (status, kind)
    assert len(fake.ledger()) == accepted
    assert len(fake.ledger(kind="rejected")) == 1 - accepted


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("revoked_key", "The provided authorization grant is invalid, expired, or revoked"),
        ("suspended", "Authenticated user is not authorized to send mail"),
        ("max_credits", "Maximum credits exceeded"),
    ],
)
def test_refusals_of_the_account(fake: RunningFake, fault: str, message: str) -> None:
    _put(fake, fault)
    answer = fake.send()
    assert answer.status == 401
    assert json.loads(answer.data)["errors"][0]["message"] == message


def test_a_429_comes_with_without_and_with_absurd_headers(fake: RunningFake) -> None:
    _put(fake, "too_many_requests")
    answer = fake.send()
    assert answer.status == 429
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 61
    _put(fake, "too_many_requests", retry_headers="none")
    assert "X-RateLimit-Reset" not in fake.send().headers
    _put(fake, "too_many_requests", retry_headers="absurd")
    assert int(fake.send().headers["Retry-After"]) > 1e8


def test_the_ledger_keeps_when_a_429_asked_to_come_back(fake: RunningFake) -> None:
    _put(fake, "too_many_requests", retry_after_s=7)
    answer = fake.send()
    (refusal,) = fake.ledger(kind="rejected")
    assert refusal["retry_at"] == int(answer.headers["X-RateLimit-Reset"])
    assert 5 < refusal["retry_at"] - refusal["received_at"] <= 7


def test_garbage_is_no_http(fake: RunningFake) -> None:
    _put(fake, "accept_then_garbage")
    assert not _raw(fake).startswith(b"HTTP/1.1")
    assert len(fake.ledger()) == 1


def test_a_truncated_answer_ends_in_its_middle(fake: RunningFake) -> None:
    whole = _raw(fake)
    _put(fake, "truncated")
    assert 0 < len(_raw(fake)) < len(whole)


def test_a_drip_is_slow_and_complete(fake: RunningFake) -> None:
    _put(fake, "drip", bytes_per_s=2000)
    started = time.monotonic()
    assert _raw(fake, timeout_s=5).startswith(b"HTTP/1.1 202")
    assert time.monotonic() - started > 0.3


def test_an_answer_can_lack_its_message_id(fake: RunningFake) -> None:
    _put(fake, "no_message_id")
    answer = fake.send()
    assert answer.status == 202
    assert "X-Message-Id" not in answer.headers


def test_a_lost_mail_is_accepted_and_never_heard_of_again(fake: RunningFake) -> None:
    _put(fake, "lose", count=1)
    lost = fake.send().headers["X-Message-Id"]
    told = fake.send().headers["X-Message-Id"]
    wait_for(lambda: fake.manage("GET", "/summary")["events_emitted"] == 2, "the other mail's two events")
    assert fake.manage("GET", "/summary")["events_pending"] == 0
    assert [line["message_id"] for line in fake.ledger()] == [lost, told]


def test_refused_connections_and_the_door_opens_again(fake: RunningFake) -> None:
    assert fake.send().status == 202
    _put(fake, "refuse")
    with pytest.raises(urllib3.exceptions.HTTPError):
        fake.send()
    with pytest.raises(ConnectionRefusedError):
        _raw(fake)
    fake.manage("DELETE", "/faults/rule")
    assert fake.send().status == 202


def test_a_refusal_ends_by_itself(fake: RunningFake) -> None:
    _put(fake, "refuse", for_s=0.3)
    with pytest.raises(ConnectionRefusedError):
        _raw(fake)

    def sent() -> bool:
        try:
            return fake.send().status == 202
        except urllib3.exceptions.HTTPError:
            return False

    wait_for(sent, "the door opens", within_s=3)


def test_a_brownout_bites_its_share_and_the_same_requests_in_every_run(fake: RunningFake) -> None:
    def run() -> list[int]:
        _put(fake, "status", probability=0.3)
        return [fake.send().status for _ in range(60)]

    first = run()
    assert 5 < first.count(503) < 35
    assert run() == first


def test_skip_and_count_choose_which_requests_are_bitten(fake: RunningFake) -> None:
    _put(fake, "status", skip=2, count=2)
    assert [fake.send().status for _ in range(6)] == [202, 202, 503, 503, 202, 202]
    (one,) = fake.manage("GET", "/faults")
    assert (one["bites"], one["over"]) == (2, True)
    assert fake.manage("GET", "/summary")["faults"] == {"rule": 2}


def test_a_rule_can_mean_one_address_or_one_campaign_only(fake: RunningFake) -> None:
    _put(fake, "status", to="*@bad.example", custom_args={"campaign_id": "w47"})
    bad = {**MAIL, "personalizations": [{"to": [{"email": "x@bad.example"}]}]}
    assert fake.send({**bad, "custom_args": {"campaign_id": "w47"}}).status == 503
    assert fake.send({**bad, "custom_args": {"campaign_id": "w48"}}).status == 202
    assert fake.send({**MAIL, "custom_args": {"campaign_id": "w47"}}).status == 202


def test_a_fault_after_acceptance_leaves_a_bad_mail_its_honest_answer(fake: RunningFake) -> None:
    _put(fake, "accept_then_reset")
    assert fake.send({**MAIL, "content": []}).status == 400


def test_an_unknown_fault_is_refused_with_the_menu(fake: RunningFake) -> None:
    answer = urllib3.request("PUT", f"{fake.management}/faults", json={"name": "x", "fault": "nonsense"})
    assert answer.status == 422
    assert b"accept_then_reset" in answer.data


@pytest.mark.parametrize("at", ["before_acceptance", "after_acceptance"])
def test_the_latch_holds_tells_and_releases(fake: RunningFake, at: str) -> None:
    statuses: list[int] = []
    fake.manage("POST", "/latch", {"at": at})
    client = threading.Thread(target=lambda: statuses.append(fake.send().status))
    client.start()
    held = fake.manage("GET", "/latch?wait_s=10")["held"]
    assert held["personalizations"] == MAIL["personalizations"]
    assert len(fake.ledger()) == (1 if at == "after_acceptance" else 0)
    assert fake.send().status == 202
    assert statuses == []
    fake.manage("POST", "/latch/release", {"then": "answer"})
    client.join(10)
    assert statuses == [202]
    assert len(fake.ledger()) == 2


def test_a_release_without_a_held_request_is_a_conflict(fake: RunningFake) -> None:
    answer = urllib3.request("POST", f"{fake.management}/latch/release", json={})
    assert answer.status == 409
    assert b"no request is held" in answer.data
