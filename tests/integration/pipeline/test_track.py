from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from system.metrics import WEBHOOK_FRESHNESS_S
from system.pipeline.track import Applied, apply_posts

if TYPE_CHECKING:
    from shop_world import Shop

pytestmark = pytest.mark.integration

AT = 1_763_283_600


@dataclass
class Sent:
    """One job whose mail is on its way, and the posts about it."""

    shop: Shop
    campaign_id: int
    job_id: int
    attempt_id: str

    def event(self, kind: str, *, at: int = AT, **more: Any) -> dict[str, Any]:
        return {
            "event": kind,
            "timestamp": at,
            "email": "ada@example.org",
            "sg_event_id": f"{kind}-{at}-{self.job_id}",
            "sg_message_id": "m1.recvd-1",
            "campaign_id": str(self.campaign_id),
            "job_id": str(self.job_id),
            "attempt_id": self.attempt_id,
            **more,
        }

    def store(self, *events: Any, body: bytes | None = None) -> int:
        """A post in the inbox."""
        raw = json.dumps(list(events)).encode() if body is None else body
        digest = uuid.uuid4().bytes
        statement = "INSERT INTO webhook_inbox (digest, body) VALUES (:digest, :body) RETURNING id"
        inbox_id: int = self.shop.value(statement, digest=digest, body=raw)
        return inbox_id

    def apply(self, *events: Any, body: bytes | None = None) -> Applied:
        """Store a post and apply it."""
        return apply_posts(self.shop.engine, inbox_ids=[self.store(*events, body=body)])

    @property
    def state(self) -> str:
        return self.shop.state(self.job_id)

    @property
    def suppressed(self) -> str | None:
        reason: str | None = self.shop.value("SELECT suppressed_reason FROM users")
        return reason


@pytest.fixture
def sent(shop: Shop) -> Sent:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    job_id = shop.add_job(campaign_id)
    _, attempt_id = shop.send(campaign_id, job_id)
    return Sent(shop, campaign_id, job_id, str(attempt_id))


def test_how_old_a_post_was_when_it_was_applied_is_counted_once(sent: Sent) -> None:
    counted = f"{WEBHOOK_FRESHNESS_S._name}_count"
    before = REGISTRY.get_sample_value(counted) or 0
    inbox_id = sent.store(sent.event("delivered"))
    apply_posts(sent.shop.engine, inbox_ids=[inbox_id])
    apply_posts(sent.shop.engine, inbox_ids=[inbox_id])

    assert REGISTRY.get_sample_value(counted) == before + 1


def test_an_event_moves_its_job_and_is_logged(sent: Sent) -> None:
    applied = sent.apply(sent.event("delivered"))

    assert applied == Applied(posts=1, events=1, repeated=0, foreign=0, moved=1)
    assert sent.state == "delivered"
    assert sent.shop.transitions(sent.job_id)[-1] == ("evidence_delivered", "sending", "delivered")
    assert sent.shop.rows(
        "SELECT extract(epoch FROM delivered_at)::bigint, extract(epoch FROM accepted_at)::bigint, sendgrid_msg_id"
        " FROM email_jobs"
    ) == [(AT, AT, "m1")]
    assert sent.shop.rows("SELECT applied_at IS NOT NULL, events_applied FROM webhook_inbox") == [(True, 1)]


def test_a_post_is_applied_once(sent: Sent) -> None:
    inbox_id = sent.store(sent.event("delivered"))
    assert [apply_posts(sent.shop.engine, inbox_ids=[inbox_id]).posts for _ in range(2)] == [1, 0]


def test_an_event_that_comes_again_is_counted_and_changes_nothing(sent: Sent) -> None:
    sent.apply(sent.event("delivered"))
    again = sent.apply(sent.event("delivered"), sent.event("delivered"))
    assert again == Applied(posts=1, events=0, repeated=2, foreign=0, moved=0)


def test_an_event_that_comes_again_under_a_new_id_is_the_same_event(sent: Sent) -> None:
    sent.apply(sent.event("open"))
    again = sent.apply(sent.event("open", sg_event_id="another"))
    assert (again.events, again.repeated) == (0, 1)
    assert sent.shop.value("SELECT count(*) FROM email_events") == 1


def test_a_delivery_that_is_told_after_its_bounce_keeps_its_time(sent: Sent) -> None:
    sent.apply(sent.event("bounce", at=AT + 3))
    sent.apply(sent.event("delivered", at=AT + 2))
    assert sent.state == "bounced"
    assert sent.shop.value("SELECT delivered_at = to_timestamp(:at) FROM email_jobs", at=AT + 2)


def test_two_clicks_on_two_links_are_two_events(sent: Sent) -> None:
    clicks = [sent.event("click", url=url, sg_event_id=url) for url in ("https://a.example", "https://b.example")]
    assert sent.apply(*clicks).events == 2


KINDS = ("processed", "deferred", "delivered", "bounce", "dropped", "open", "click", "spamreport", "unsubscribe")
EXPECTED = ("dropped", "bounce", "delivered")
STATE = {"dropped": "dropped", "bounce": "bounced", "delivered": "delivered"}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=5).flatmap(
        lambda kinds: st.tuples(st.just(kinds), st.permutations(kinds + kinds[:2]), st.integers(1, 3))
    )
)
def test_events_lead_to_the_same_end_in_any_order_and_number(
    shop: Shop, given_events: tuple[list[str], list[str], int]
) -> None:
    kinds, order, posts = given_events
    campaign_id = shop.add_campaign(shop.add_newsletter(str(uuid.uuid4())))
    ends = []
    for sequence in (kinds, order):
        job_id = shop.add_job(campaign_id)
        sent = Sent(shop, campaign_id, job_id, str(shop.send(campaign_id, job_id)[1]))
        events = [sent.event(kind, at=AT + KINDS.index(kind)) for kind in sequence]
        for start in range(posts):
            sent.apply(*events[start::posts])
        ends.append(shop.rows(
            "SELECT status, reason, opened_at, clicked_at, delivered_at, sendgrid_msg_id, suppressed_reason"
            " FROM email_jobs j JOIN users u ON u.id = j.user_id WHERE j.id = :id", id=job_id))  # fmt: skip
    assert ends[0][0][:6] == ends[1][0][:6]
    assert (ends[0][0][6] is None) == (ends[1][0][6] is None)
    strongest = next((kind for kind in EXPECTED if kind in kinds), None)
    assert ends[0][0][0] == STATE.get(strongest or "", "accepted")


def test_events_of_one_job_that_are_applied_at_once_all_count(sent: Sent) -> None:
    kinds = ["processed", "delivered", "open", "click", "bounce"]
    posts = [sent.store(sent.event(kind, at=AT + n), sent.event("deferred")) for n, kind in enumerate(kinds)]

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda inbox_id: apply_posts(sent.shop.engine, inbox_ids=[inbox_id]), posts))

    assert sent.state == "bounced"
    assert sent.shop.value("SELECT count(*) FROM email_events") == 6
    assert sent.shop.value("SELECT opened_at IS NOT NULL AND clicked_at IS NOT NULL FROM email_jobs")


@pytest.mark.parametrize("kind", ["processed", "deferred", "open", "click", "spamreport", "unsubscribe"])
def test_any_event_proves_that_an_unknown_mail_was_accepted(sent: Sent, kind: str) -> None:
    sent.shop.rows("UPDATE email_jobs SET status = 'unknown', reason = 'TimeoutError', claim_token = NULL")
    sent.apply(sent.event(kind))
    assert sent.state == "accepted"
    assert sent.shop.value("SELECT reason FROM email_jobs") is None


@pytest.mark.parametrize("kind", ["bounce", "dropped"])
def test_even_a_bounce_settles_an_unknown_mail(sent: Sent, kind: str) -> None:
    sent.shop.rows("UPDATE email_jobs SET status = 'unknown', reason = 'TimeoutError', claim_token = NULL")
    sent.apply(sent.event(kind, reason="550 no such user"))
    assert sent.shop.rows("SELECT status, reason FROM email_jobs") == [(STATE[kind], "550 no such user")]


def test_a_job_that_waits_to_be_tried_again_is_accepted_by_an_event_of_its_first_try(sent: Sent) -> None:
    sent.shop.rows("UPDATE email_jobs SET status = 'ready', claim_token = NULL")
    sent.apply(sent.event("processed"))
    assert sent.state == "accepted"


def test_a_worker_that_holds_the_job_again_loses_it_to_the_event(sent: Sent) -> None:
    sent.shop.rows("UPDATE email_jobs SET status = 'claimed'")
    sent.apply(sent.event("delivered"))
    assert sent.shop.rows("SELECT status, claim_token, lease_until FROM email_jobs") == [("delivered", None, None)]


@pytest.mark.parametrize("state", ["failed", "skipped", "indeterminate"])
def test_what_has_ended_without_a_mail_stays_ended(sent: Sent, state: str) -> None:
    sent.shop.rows(f"UPDATE email_jobs SET status = '{state}', reason = 'a test', claim_token = NULL")
    assert sent.apply(sent.event("delivered")).moved == 0
    assert sent.state == state


def test_an_open_after_a_bounce_changes_no_delivery(sent: Sent) -> None:
    sent.apply(sent.event("bounce"))
    sent.apply(sent.event("open", at=AT + 5), sent.event("click", at=AT + 6))
    assert sent.shop.rows(
        "SELECT status, extract(epoch FROM opened_at)::bigint, extract(epoch FROM clicked_at)::bigint FROM email_jobs"
    ) == [("bounced", AT + 5, AT + 6)]


def test_the_first_open_counts_whenever_it_arrives(sent: Sent) -> None:
    sent.apply(sent.event("open", at=AT + 60))
    sent.apply(sent.event("open", at=AT + 5))
    assert sent.shop.value("SELECT extract(epoch FROM opened_at)::bigint FROM email_jobs") == AT + 5


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"kind": "bounce", "type": "bounce"}, "hard bounce"),
        ({"kind": "bounce"}, "hard bounce"),
        ({"kind": "bounce", "type": "blocked"}, None),
        ({"kind": "spamreport"}, "spam report"),
        ({"kind": "unsubscribe"}, "unsubscribed"),
        ({"kind": "group_unsubscribe"}, "unsubscribed"),
        ({"kind": "group_resubscribe"}, None),
        ({"kind": "dropped", "reason": "Bounced Address"}, "dropped by the provider"),
        ({"kind": "dropped", "reason": "Spam Content"}, None),
        ({"kind": "deferred"}, None),
        ({"kind": "delivered"}, None),
    ],
)
def test_who_must_not_be_mailed_again_is_suppressed(sent: Sent, event: dict[str, str], reason: str | None) -> None:
    sent.apply(sent.event(**event))
    assert sent.suppressed == reason


def test_the_first_suppression_stays(sent: Sent) -> None:
    sent.apply(sent.event("unsubscribe"))
    sent.apply(sent.event("spamreport", at=AT - 100))
    assert sent.suppressed == "unsubscribed"


MALFORMED: list[Any] = [
    None,
    7,
    "delivered",
    [],
    {},
    {"event": "delivered"},
    {"event": ["delivered"]},
    {"event": "unheard of"},
    {"timestamp": "soon"},
    {"timestamp": 10**30},
    {"timestamp": None},
    {"job_id": "x"},
    {"job_id": -1},
    {"job_id": 2**70},
    {"campaign_id": {}},
    {"attempt_id": "no uuid"},
    {"attempt_id": 7},
]


@pytest.mark.parametrize("broken", MALFORMED, ids=repr)
def test_a_malformed_event_is_counted_and_spoils_no_other(sent: Sent, broken: Any) -> None:
    bad = sent.event("open") | broken if isinstance(broken, dict) and "event" not in broken and broken else broken
    applied = sent.apply(bad, sent.event("delivered"))
    assert (applied.events, applied.foreign) == (1, 1)
    assert sent.state == "delivered"


@pytest.mark.parametrize("text", ["a\x00b", "\ud83d", "x" * 10_000, "ada@example.org said no", 7, {"a": [1]}])
def test_an_event_with_strange_text_is_applied(sent: Sent, text: Any) -> None:
    applied = sent.apply(sent.event("bounce", reason=text, sg_event_id=text, sg_message_id=text))
    assert applied.events == 1
    assert sent.state == "bounced"


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"7", b'{"event":"open"}', b"\xff", b"[" * 100_000])
def test_a_post_that_is_no_list_is_closed_as_foreign(sent: Sent, body: bytes) -> None:
    assert sent.apply(body=body) == Applied(posts=1, events=0, repeated=0, foreign=1, moved=0)


def test_an_empty_post_is_closed(sent: Sent) -> None:
    assert sent.apply() == Applied(posts=1, events=0, repeated=0, foreign=0, moved=0)
    assert sent.shop.value("SELECT count(*) FROM webhook_inbox WHERE applied_at IS NULL") == 0


def test_an_event_of_another_system_is_counted_and_changes_nothing(sent: Sent) -> None:
    stranger = sent.event("delivered", attempt_id=str(uuid.uuid4()))
    assert sent.apply(stranger) == Applied(posts=1, events=0, repeated=0, foreign=1, moved=0)
    assert sent.state == "sending"


@pytest.mark.parametrize("wrong", [{"job_id": "987"}, {"campaign_id": "987"}])
def test_an_event_that_names_another_job_than_its_attempt_is_foreign(sent: Sent, wrong: dict[str, str]) -> None:
    applied = sent.apply(sent.event("delivered", **wrong), sent.event("open"))
    assert applied == Applied(posts=1, events=1, repeated=0, foreign=1, moved=1)
    assert sent.state == "accepted"


def test_several_posts_are_counted_each_for_itself(sent: Sent) -> None:
    first = sent.store(sent.event("delivered"), sent.event("delivered"), {})
    second = sent.store(sent.event("delivered"), sent.event("open"))

    apply_posts(sent.shop.engine, inbox_ids=[second, first])

    assert sent.shop.rows("SELECT events_applied, events_repeated, events_foreign FROM webhook_inbox ORDER BY id") == [
        (1, 1, 1),
        (1, 1, 0),
    ]


def test_no_address_is_kept_of_an_event(sent: Sent) -> None:
    sent.apply(sent.event("bounce", reason="550 <ada@example.org> is unknown", ip="192.0.2.1", useragent="Mail"))
    assert sent.shop.value("SELECT detail FROM email_events") == {"reason": "550 <address> is unknown"}
