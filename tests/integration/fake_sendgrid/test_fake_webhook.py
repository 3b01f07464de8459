"""Event posts: bytes, signature, fields, retries, and everything that can go wrong with them."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from running_fake import MAIL, Receiver, RunningFake, run_fake, wait_for
from sendgrid.helpers.eventwebhook import EventWebhook

from fake_sendgrid.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER

pytestmark = pytest.mark.integration
SIGNATURE, TIMESTAMP = SIGNATURE_HEADER.lower(), TIMESTAMP_HEADER.lower()
CERTAIN: dict[str, Any] = {
    "processing": {"median_s": 0},
    "delivery": {"median_s": 0},
    "deferral": {"median_s": 0},
    "opening": {"median_s": 0},
    "clicking": {"median_s": 0},
    "complaining": {"median_s": 0},
    **dict.fromkeys(
        ("invalid", "deferred", "hard_bounce", "blocked", "machine_open", "opened", "clicked", "unsubscribed"), 0
    ),
    "spam_reported": 0,
}


def _names(receiver: Receiver) -> list[str]:
    return [event["event"] for event in receiver.events()]


def _wait_for_events(receiver: Receiver, *names: str) -> dict[str, dict[str, Any]]:
    wait_for(lambda: set(names) <= set(_names(receiver)), f"events {names}")
    return {event["event"]: event for event in receiver.events()}


def _is_authentic(fake: RunningFake, headers: dict[str, str], body: bytes) -> bool:
    key = fake.manage("GET", "/keys")["public_key"]
    verified = EventWebhook(key).verify_signature(body.decode(), headers[SIGNATURE], headers[TIMESTAMP])
    return bool(verified)


def test_the_official_sdk_accepts_the_posts(fake: RunningFake, receiver: Receiver) -> None:
    for _ in range(3):
        fake.send()
    wait_for(lambda: len(receiver.events()) == 6, "two events a mail")
    assert all(_is_authentic(fake, headers, body) for headers, body in receiver.posts)


def test_a_post_has_the_real_headers_and_bytes(fake: RunningFake, receiver: Receiver) -> None:
    fake.send()
    wait_for(lambda: len(receiver.events()) == 2, "both events")
    headers, body = receiver.posts[0]
    assert headers["user-agent"] == "SendGrid Event API"
    assert headers["content-type"] == "application/json;charset=utf-8"
    assert body.startswith(b'[{"')
    assert body.endswith(b"}]\r\n")
    assert body.count(b"},\r\n{") == body.count(b'"sg_event_id"') - 1


def test_identifiers_have_the_documented_forms(fake: RunningFake, receiver: Receiver) -> None:
    message_id = fake.send().headers["X-Message-Id"]
    told = _wait_for_events(receiver, "processed", "delivered")
    shape = rf"{message_id}\.recvd-[0-9a-f]+-\w+-1-[0-9A-F]{{8}}-[0-9A-F]+\.0"
    assert re.fullmatch(shape, told["delivered"]["sg_message_id"])
    plain = base64.urlsafe_b64decode(told["delivered"]["sg_event_id"] + "==").decode()
    assert re.fullmatch(rf"delivered-0-\d+-{message_id}-0", plain)
    plain = base64.urlsafe_b64decode(told["processed"]["sg_event_id"] + "==").decode()
    assert re.fullmatch(rf"processed-\d+-{message_id}-0", plain)
    assert told["processed"]["smtp-id"].startswith(f"<{message_id}@")


def test_custom_args_are_flattened_and_reserved_names_win(fake: RunningFake, receiver: Receiver) -> None:
    args = {"job_id": "5", "event": "mine", "email": "mine"}
    fake.send({**MAIL, "custom_args": args, "categories": ["weekly"]})
    told = _wait_for_events(receiver, "delivered")["delivered"]
    assert (told["job_id"], told["email"], told["category"]) == ("5", "reader@example.com", ["weekly"])


@pytest.mark.parametrize(
    ("share", "names", "field"),
    [
        ("hard_bounce", ["processed", "bounce"], {"type": "bounce", "status": "5.1.1"}),
        ("blocked", ["processed", "bounce"], {"type": "blocked", "status": "5.7.1"}),
        ("invalid", ["dropped"], {"reason": "Invalid", "status": "5.0.0"}),
        ("deferred", ["processed", "deferred", "delivered"], {"attempt": "1"}),
        ("machine_open", ["processed", "delivered", "open"], {"sg_machine_open": True, "sg_content_type": "html"}),
        ("opened", ["processed", "delivered", "open"], {"sg_machine_open": False}),
        ("spam_reported", ["processed", "delivered", "spamreport"], {}),
        ("unsubscribed", ["processed", "delivered", "unsubscribe"], {}),
    ],
)
def test_each_fate_has_its_events_and_fields(
    fake: RunningFake, receiver: Receiver, share: str, names: list[str], field: dict[str, Any]
) -> None:
    fake.manage("PUT", "/profile", {**CERTAIN, share: 1})
    fake.send()
    told = _wait_for_events(receiver, *names)
    assert list(dict.fromkeys(_names(receiver))) == names
    fateful = names[1] if share == "deferred" else names[-1]
    first = next(event for event in receiver.events() if event["event"] == fateful)
    assert field.items() <= first.items()
    assert told[fateful]["sg_message_id"]


def test_a_click_opens_the_first_link_of_the_mail(fake: RunningFake, receiver: Receiver) -> None:
    fake.manage("PUT", "/profile", {**CERTAIN, "opened": 1, "clicked": 1})
    fake.send({**MAIL, "content": [{"type": "text/html", "value": '<a href="https://shop.example/p/1">Cup</a>'}]})
    assert _wait_for_events(receiver, "click")["click"]["url"] == "https://shop.example/p/1"


def test_a_bounced_address_is_dropped_the_next_time(fake: RunningFake, receiver: Receiver) -> None:
    fake.manage("PUT", "/profile", {**CERTAIN, "hard_bounce": 1})
    fake.send()
    _wait_for_events(receiver, "bounce")
    fake.manage("PUT", "/profile", CERTAIN)
    assert fake.send().status == 202
    assert _wait_for_events(receiver, "dropped")["dropped"]["reason"] == "Bounced Address"
    fake.send({**MAIL, "mail_settings": {"bypass_bounce_management": {"enable": True}}})
    _wait_for_events(receiver, "delivered")


def test_a_seed_decides_every_address_alike(tmp_path: Path) -> None:
    def run(folder: Path, seed: int) -> list[tuple[str, str]]:
        receiver = Receiver()
        with run_fake(folder, f"--seed={seed}", f"--webhook-url={receiver.url}") as fake:
            fake.manage("PUT", "/profile", {**CERTAIN, "hard_bounce": 0.5})
            for number in range(20):
                fake.send({**MAIL, "personalizations": [{"to": [{"email": f"r{number}@example.com"}]}]})
            wait_for(lambda: len(receiver.events()) == 40, "all events")
        receiver.close()
        return sorted((event["email"], event["event"]) for event in receiver.events())

    first = run(tmp_path / "a", seed=5)
    assert run(tmp_path / "b", seed=5) == first
    assert run(tmp_path / "c", seed=6) != first


def test_a_failed_post_is_tried_again_with_a_new_signature(fake: RunningFake, receiver: Receiver) -> None:
    receiver.statuses += [503, 302]
    fake.manage("PUT", "/clock", {"scale": 600})
    fake.send()
    wait_for(lambda: len(receiver.posts) >= 3, "two retries")
    assert fake.manage("GET", "/summary")["posts_failed"] == 2
    bodies = [body for _, body in receiver.posts]
    assert bodies[0] == bodies[1] or bodies[0] in bodies[2:]
    assert all(_is_authentic(fake, headers, body) for headers, body in receiver.posts)


def test_a_faster_clock_moves_pending_events_along(fake: RunningFake, receiver: Receiver) -> None:
    fake.manage("PUT", "/profile", {**CERTAIN, "delivery": {"median_s": 3600, "sigma": 0}})
    fake.send()
    _wait_for_events(receiver, "processed")
    assert fake.manage("GET", "/summary")["events_pending"] == 1
    fake.manage("PUT", "/clock", {"scale": 36_000})
    _wait_for_events(receiver, "delivered")


def _with_fault(fake: RunningFake, **faults: Any) -> None:
    fake.manage("PUT", "/webhook-faults", {"duplicate_same_id": 0, "reorder": 0, **faults})


def test_duplicates_come_with_the_same_and_with_new_ids(fake: RunningFake, receiver: Receiver) -> None:
    _with_fault(fake, duplicate_same_id=1)
    fake.send()
    wait_for(lambda: len(receiver.events()) == 4, "each event twice")
    assert len({event["sg_event_id"] for event in receiver.events()}) == 2
    receiver.posts.clear()
    _with_fault(fake, duplicate_new_id=1)
    fake.send()
    wait_for(lambda: len(receiver.events()) == 4, "each event twice")
    assert len({event["sg_event_id"] for event in receiver.events()}) == 4
    assert fake.manage("GET", "/webhook-faults")["bites"] == {"duplicate_same_id": 2, "duplicate_new_id": 2}


def test_lost_events_never_come(fake: RunningFake, receiver: Receiver) -> None:
    _with_fault(fake, lose=1)
    fake.send()
    wait_for(lambda: fake.manage("GET", "/webhook-faults")["bites"].get("lose") == 2, "both are lost")
    assert fake.manage("GET", "/summary")["events_pending"] == 0
    assert receiver.posts == []


def test_reordered_events_come_late(fake: RunningFake, receiver: Receiver) -> None:
    fake.manage("PUT", "/clock", {"scale": 10})
    _with_fault(fake, reorder=0.5)
    for _ in range(20):
        fake.send()
    wait_for(lambda: len(receiver.events()) == 40, "all events in the end")
    stamps = [(event["sg_message_id"], event["event"]) for event in receiver.events()]
    late = [i for i, (mail, name) in enumerate(stamps) if name == "processed" and (mail, "delivered") in stamps[:i]]
    assert late


@pytest.mark.parametrize("fault", ["tamper", "wrong_key"])
def test_a_spoilt_post_fails_verification_and_the_true_one_follows(
    fake: RunningFake, receiver: Receiver, fault: str
) -> None:
    receiver.statuses.append(403)
    fake.manage("PUT", "/clock", {"scale": 600})
    _with_fault(fake, **{fault: 1})
    fake.send()
    wait_for(lambda: len(receiver.posts) >= 2, "the true post follows")
    assert not _is_authentic(fake, *receiver.posts[0])
    assert any(_is_authentic(fake, *post) for post in receiver.posts[1:])


def test_a_forged_post_fails_verification(fake: RunningFake, receiver: Receiver) -> None:
    _with_fault(fake, forge=1)
    fake.send()
    forged = wait_for(lambda: [post for post in receiver.posts if b"forged@example.com" in post[1]], "the forged post")
    assert not _is_authentic(fake, *forged[0])


def test_a_replay_is_the_same_post_byte_for_byte(fake: RunningFake, receiver: Receiver) -> None:
    _with_fault(fake, replay=1)
    fake.send()
    wait_for(lambda: len(receiver.posts) >= 2, "the replay")
    assert receiver.posts[0][1] == receiver.posts[1][1]
    assert receiver.posts[0][0][SIGNATURE] == receiver.posts[1][0][SIGNATURE]


def test_one_bad_event_in_a_signed_batch(fake: RunningFake, receiver: Receiver) -> None:
    _with_fault(fake, bad_event=1)
    fake.send()
    wait_for(lambda: receiver.posts, "the post")
    headers, body = receiver.posts[0]
    assert _is_authentic(fake, headers, body)
    assert json.loads(body)[0] is None


def test_test_posts_hold_one_event_of_each_type(fake: RunningFake, receiver: Receiver) -> None:
    assert fake.v3("POST", "/user/webhooks/event/test", {"url": receiver.url})[0] == 204
    wait_for(lambda: receiver.posts, "the test post")
    assert len(set(_names(receiver))) == 11


def test_a_receiver_gets_only_the_events_it_wants(fake: RunningFake, receiver: Receiver) -> None:
    assert fake.v3("PATCH", "/user/webhooks/event/settings", {"processed": False})[1]["processed"] is False
    fake.send()
    _wait_for_events(receiver, "delivered")
    assert _names(receiver) == ["delivered"]


def test_signing_is_switched_through_the_settings(fake: RunningFake, receiver: Receiver) -> None:
    status, signing = fake.v3("PATCH", "/user/webhooks/event/settings/signed", {"enabled": False})
    assert (status, signing["public_key"]) == (200, "")
    fake.send()
    wait_for(lambda: receiver.posts, "a post")
    assert SIGNATURE not in receiver.posts[0][0]
    signing = fake.v3("PATCH", "/user/webhooks/event/settings/signed", {"enabled": True})[1]
    assert signing["public_key"] == fake.manage("GET", "/keys")["public_key"]
