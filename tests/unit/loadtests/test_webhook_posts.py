from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook
from webhook_world import CHECK, NOW_S, PUBLIC_KEY, SIGNER, TARGETS

from loadtests.webhook.arrivals import Arrival, Share
from loadtests.webhook.attacks import Attacks
from loadtests.webhook.posts import SIGNATURE_HEADER, TIMESTAMP_HEADER, Post, read_signer
from loadtests.webhook.stories import AT_A_TIME, Stories
from loadtests.webhook.targets import read_targets, write_targets
from loadtests.webhook.traffic import Traffic
from system.errors import InputError
from system.mail.signature import Verdict
from system.pipeline.track import read_post
from system.storage.evidence import Post as StoredPost

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

SEED = 3
MAX_BYTES = 100_000


def attacks() -> Attacks:
    return Attacks(
        signer=SIGNER,
        victims=lambda: TARGETS,
        rng=Share(seed=SEED).rng("attacks"),
        max_bytes=MAX_BYTES,
        max_age_s=90_000,
    )


def traffic(*, index: int = 0, of: int = 1, live_targets: Path | None = None) -> Traffic:
    return Traffic(
        share=Share(index=index, of=of, seed=SEED),
        signer=SIGNER,
        targets=TARGETS,
        live_targets=live_targets,
        max_bytes=MAX_BYTES,
        max_age_s=90_000,
    )


def verdict(post: Post) -> Verdict:
    signature, timestamp = post.headers.get(SIGNATURE_HEADER), post.headers.get(TIMESTAMP_HEADER)
    return CHECK.judge(post.body, signature=signature, timestamp=timestamp, now_s=NOW_S)


def test_the_providers_own_library_verifies_a_post() -> None:
    post = traffic().make(Arrival(0.0, "provider", "hold"), at_s=NOW_S)
    signature, timestamp = post.headers[SIGNATURE_HEADER], post.headers[TIMESTAMP_HEADER]

    assert EventWebhook(PUBLIC_KEY).verify_signature(post.body.decode(), signature, timestamp)


def test_every_event_is_one_that_the_system_understands() -> None:
    sent = traffic()
    for _ in range(100):
        post = sent.make(Arrival(0.0, "provider", "hold"), at_s=NOW_S)
        stored = StoredPost(id=1, body=post.body, received_at=datetime.fromtimestamp(NOW_S, tz=UTC))
        total, ours = read_post(stored)
        assert total == len(ours) == post.events


def test_a_mails_events_come_in_their_order() -> None:
    stories = Stories(TARGETS, rng=Share(seed=SEED).rng("stories"))
    told: dict[str, list[str]] = defaultdict(list)
    for event in map(json.loads, stories.next_events(5_000, at_s=NOW_S)):
        told[event["job_id"]].append(event["event"])

    assert len(told) == len(TARGETS)
    for kinds in told.values():
        assert kinds[0] in ("processed", "dropped")
        assert {"open", "click"}.isdisjoint(kinds[: kinds.index("delivered")] if "delivered" in kinds else kinds)
        assert kinds.count("delivered") <= 1


def test_no_event_id_is_told_twice() -> None:
    events = Stories(TARGETS, rng=Share(seed=SEED).rng("stories")).next_events(5_000, at_s=NOW_S)
    ids = [json.loads(event)["sg_event_id"] for event in events]

    assert len(set(ids)) == len(ids)


def test_many_mails_are_under_way_at_once() -> None:
    events = Stories(TARGETS, rng=Share(seed=SEED).rng("stories")).next_events(AT_A_TIME, at_s=NOW_S)

    assert len({json.loads(event)["job_id"] for event in events}) > AT_A_TIME / 4


def test_processes_tell_of_different_mails() -> None:
    told = []
    for index in (0, 1):
        sent = traffic(index=index, of=2)
        bodies = [sent.make(Arrival(0.0, "provider", "hold"), at_s=NOW_S).body for _ in range(50)]
        told.append({event["job_id"] for body in bodies for event in json.loads(body)})

    assert not told[0] & told[1]


def test_a_forged_post_is_signed_by_a_stranger() -> None:
    post = attacks().make("forged", at_s=NOW_S)

    assert (post.user, verdict(post)) == ("forged", Verdict.FORGED)
    assert [event["sg_event_id"] for event in json.loads(post.body)] == list(post.event_ids)


def test_a_tampered_post_differs_in_one_byte_from_what_was_signed() -> None:
    post = attacks().make("tampered", at_s=NOW_S)
    digits = [event["job_id"] for event in json.loads(post.body)]

    assert verdict(post) is Verdict.FORGED
    assert int(digits[0][-1]) in range(10)
    repaired = [
        Post(user="", body=post.body.replace(digits[0].encode(), digits[0][:-1].encode() + b"%d" % last, 1),
             headers=post.headers, events=1)
        for last in range(10)
    ]  # fmt: skip
    assert Verdict.AUTHENTIC in map(verdict, repaired)


def test_a_stale_post_is_authentic_and_too_old() -> None:
    assert verdict(attacks().make("stale", at_s=NOW_S)) is Verdict.STALE


def test_a_replay_is_an_earlier_post_byte_by_byte_and_forbids_none_of_its_events() -> None:
    enemy, post = attacks(), traffic().make(Arrival(0.0, "provider", "hold"), at_s=NOW_S)
    enemy.remember(post)
    replay = enemy.make("replayed", at_s=NOW_S + 5)

    assert (replay.body, replay.headers, replay.digest) == (post.body, post.headers, post.digest)
    assert (replay.user, replay.event_ids, verdict(replay)) == ("replayed", (), Verdict.AUTHENTIC)


def test_with_nothing_to_replay_a_post_is_forged() -> None:
    assert attacks().make("replayed", at_s=NOW_S).user == "forged"


def test_an_oversize_post_is_authentic_json_and_only_too_large() -> None:
    post = attacks().make("oversize", at_s=NOW_S)

    assert len(post.body) > MAX_BYTES
    assert verdict(post) is Verdict.AUTHENTIC
    assert len(json.loads(post.body)) == post.events


def test_malformed_posts_are_refused_for_their_headers() -> None:
    enemy = attacks()
    verdicts = {verdict(enemy.make("malformed", at_s=NOW_S)) for _ in range(50)}

    assert verdicts == {Verdict.MALFORMED, Verdict.UNSIGNED}


def test_attacks_turn_to_the_running_campaign_as_soon_as_its_mails_are_known(tmp_path: Path) -> None:
    live = tmp_path / "live.jsonl"
    sent = traffic(live_targets=live)
    before = json.loads(sent.make(Arrival(0.0, "forged", "hold"), at_s=NOW_S).body)
    write_targets(live, [replace(target, campaign_id=2) for target in TARGETS])
    after = json.loads(sent.make(Arrival(0.0, "forged", "hold"), at_s=NOW_S).body)

    assert {event["campaign_id"] for event in before} == {"1"}
    assert {event["campaign_id"] for event in after} == {"2"}


def test_targets_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "targets.jsonl"

    assert write_targets(path, TARGETS) == len(TARGETS)
    assert read_targets(path) == TARGETS


@pytest.mark.parametrize("content", [None, "", "{", '{"job_id": 1}'])
def test_targets_that_cannot_be_used_say_how_to_write_them(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "targets.jsonl"
    if content is not None:
        path.write_text(content)

    with pytest.raises(InputError, match=r"targets=.*loadtests\.past_campaign"):
        read_targets(path)


@pytest.mark.parametrize("content", [None, "no key"])
def test_a_signing_key_that_is_none_says_where_one_lies(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(InputError, match=r"signing-key\.pem"):
        read_signer(path)
