"""Known bugs, patched into the protocol by the tests: each must turn its invariant red, or the model proves nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from model_provider import Fate
from send_invariants import Violated
from send_machine import SendMachine
from send_worker import Commit, Sending, Step, Worker
from sqlalchemy import text

from system.mail.reply import ReplyKind
from system.pipeline import answers
from system.states import EventKind, Happening
from system.storage import claims, dispatching, evidence, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from send_world import ModelShop
    from sqlalchemy import TextClause

pytestmark = pytest.mark.integration


def broken_statements(old: str, new: str) -> Callable[[str], TextClause]:
    """A stand-in for `text` that breaks every statement of a module that holds `old`."""
    return lambda statement: text(statement.replace(old, new))


def break_statements(patch: pytest.MonkeyPatch, module: ModuleType, old: str, new: str) -> None:
    patch.setattr(module, "text", broken_statements(old, new))


def violation(shop: ModelShop, story: Callable[[SendMachine], None], machine: type[SendMachine] = SendMachine) -> str:
    """The name of the invariant that breaks when the story is played, `none` if it ends well."""
    played = type("Played", (machine,), {"shop": shop, "seen": Counter()})()
    played.begin(users=1, surprises={"redeliver"})
    try:
        story(played)
        played.holds()
        played.teardown()
    except Violated as exc:
        return str(exc).split(":")[0]
    finally:
        played.world.close()
    return "none"


def accepted_unheard(machine: SendMachine) -> None:
    """The provider accepts and the answer is lost; time passes, and a second worker looks for work."""
    machine.claim(limit=1, is_intended=True)
    machine.post_and_record(fates=[Fate.ANSWER_LOST])
    machine.holds()
    machine.pass_time(seconds=31.0, is_swept=True)
    if "ready" in machine.world.statuses.values():
        machine.claim(limit=1, is_intended=True)
        machine.post_and_record(fates=[Fate.ACCEPTED])


def crash_after_accept(machine: SendMachine) -> None:
    """W4: the worker dies with the answer in its hands."""
    machine.claim(limit=1, is_intended=True)
    machine.post(which=0, mail=0, fate=Fate.ACCEPTED)
    machine.crash(which=0)
    machine.pass_time(seconds=31.0, is_swept=True)


def lapsed_claim(machine: SendMachine) -> None:
    """A zombie wakes when another worker holds its job."""
    machine.claim(limit=1, is_intended=False)
    machine.pass_time(seconds=31.0, is_swept=True)
    machine.claim(limit=1, is_intended=False)
    machine.intend(which=0, commit=Commit.DONE)
    if machine.workers:
        machine.intend(which=0, commit=Commit.DONE)


def told_twice(machine: SendMachine) -> None:
    """A bounce, and a delivery that arrives later."""
    machine.claim(limit=1, is_intended=True)
    machine.post_and_record(fates=[Fate.ACCEPTED])
    for kind in (EventKind.BOUNCE, EventKind.DELIVERED):
        machine.webhook(events=[(0, kind, False)])
        machine.apply(which=[0])
        machine.holds()


def told_in_time(machine: SendMachine) -> None:
    """Evidence lies in the inbox when the deadline passes, and is applied afterwards."""
    machine.claim(limit=1, is_intended=True)
    machine.post_and_record(fates=[Fate.ANSWER_LOST])
    machine.holds()
    machine.webhook(events=[(0, EventKind.PROCESSED, False)])
    machine.pass_time(seconds=601.0, is_swept=True)
    machine.apply(which=[0])


def sleeper(machine: SendMachine) -> None:
    """A worker is stopped between intent and first byte until its job has been given up."""
    machine.claim(limit=1, is_intended=True)
    for _ in range(2):
        machine.pass_time(seconds=601.0, is_swept=True)
    if machine.sendable(machine.workers[0]):
        machine.post(which=0, mail=0, fate=Fate.ACCEPTED)


def redelivered(machine: SendMachine) -> None:
    """The dispatching task comes twice."""
    machine.surprise(which=0)


def sent(machine: SendMachine) -> None:
    machine.claim(limit=1, is_intended=False)
    machine.post(which=0, mail=0, fate=Fate.ACCEPTED)


@pytest.mark.parametrize(
    "story", [accepted_unheard, crash_after_accept, lapsed_claim, told_twice, told_in_time, sleeper, redelivered]
)
def test_the_protocol_survives_each_story(model_shop: ModelShop, story: Callable[[SendMachine], None]) -> None:
    assert violation(model_shop, story) == "none"


def test_m1_an_ambiguous_answer_that_is_sent_again(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(answers._MEANING, ReplyKind.AMBIGUOUS, ("refused", Happening.ANSWER_REFUSED))
    assert violation(model_shop, accepted_unheard) == "I1"


def test_m2_no_unique_job_per_user(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    with model_shop.engine.begin() as connection:
        connection.execute(text("ALTER TABLE email_jobs DROP CONSTRAINT uq_email_jobs_campaign_id_user_id"))
    break_statements(monkeypatch, dispatching, "ON CONFLICT (campaign_id, user_id) DO NOTHING", "")
    assert violation(model_shop, redelivered) == "I3"


class IntentAfterPost(SendMachine):
    """Its workers post what they have claimed, and write the intent afterwards."""

    def sendable(self, worker: Worker) -> list[Sending]:
        return worker.at(Step.CLAIMED)


def test_m3_an_intent_that_is_written_after_the_bytes(model_shop: ModelShop) -> None:
    assert violation(model_shop, sent, IntentAfterPost) == "I8"


def test_m7_the_last_event_wins(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_EDGES", [*evidence._EDGES, ("bounced", "evidence_delivered", "delivered")])
    break_statements(monkeypatch, evidence, "m.rank DESC, e.happened_at", "e.inbox_id DESC")
    assert violation(model_shop, told_twice) == "I6"


def test_m8_a_sweep_that_leaves_lapsed_sends(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "lapse_sends", lambda *_args, **_more: 0)
    assert violation(model_shop, crash_after_accept) == "I3"


def test_a_lapsed_send_that_is_sent_again(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    break_statements(monkeypatch, outcomes, "status = 'unknown', reason", "status = 'ready', reason")
    assert violation(model_shop, crash_after_accept) == "I1"


def test_an_intent_without_its_fence(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    break_statements(monkeypatch, claims, "j.status = 'claimed' AND j.claim_token = :token", "j.status = 'claimed'")
    assert violation(model_shop, lapsed_claim) == "token"


def test_a_deadline_that_does_not_wait_for_the_inbox(model_shop: ModelShop, monkeypatch: pytest.MonkeyPatch) -> None:
    break_statements(monkeypatch, outcomes, "WHERE i.applied_at IS NULL", "WHERE false")
    assert violation(model_shop, told_in_time) == "I6"


class SleeperPosts(SendMachine):
    """Its workers don't look at the clock before they post."""

    def sendable(self, worker: Worker) -> list[Sending]:
        return worker.at(Step.INTENDED)


def test_a_zombie_that_posts_however_long_it_slept(model_shop: ModelShop) -> None:
    assert violation(model_shop, sleeper, SleeperPosts) == "I9"
