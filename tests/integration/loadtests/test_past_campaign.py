from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from loadtests.past_campaign import stream_targets, week_before, write_past_campaign
from loadtests.webhook.arrivals import Share
from loadtests.webhook.posts import join_events
from loadtests.webhook.stories import Stories
from system.errors import InputError
from system.pipeline.track import apply_posts
from system.storage import campaigns, inbox
from system.storage.database import transaction

if TYPE_CHECKING:
    from shop_world import Shop

    from loadtests.webhook.targets import Target

pytestmark = pytest.mark.integration

SEED = 11
WEEK = "2026-W46"


@pytest.fixture
def past(shop: Shop) -> int:
    shop.add_newsletter()
    for _ in range(40):
        shop.add_user()
    shop.add_user(active=False)
    shop.add_user(suppressed_at=datetime(2026, 1, 1, tzinfo=UTC), suppressed_reason="unsubscribed")
    return write_past_campaign(shop.engine, newsletter="weekly-recos", week_key=WEEK, jobs=100)


def targets_of(shop: Shop, campaign_id: int) -> list[Target]:
    with transaction(shop.engine) as connection:
        return list(stream_targets(connection, campaign_id=campaign_id))


def test_everybody_who_can_be_mailed_was(shop: Shop, past: int) -> None:
    assert shop.states() == {"accepted": 40}
    assert {target.user_id for target in targets_of(shop, past)} == set(shop.users[:40])


def test_a_second_time_writes_nothing(shop: Shop, past: int) -> None:
    before = targets_of(shop, past)

    assert write_past_campaign(shop.engine, newsletter="weekly-recos", week_key=WEEK, jobs=100) == past
    assert targets_of(shop, past) == before


def test_no_sweep_finds_anything_to_do(shop: Shop, past: int) -> None:
    with transaction(shop.engine) as connection:
        assert campaigns.open_campaigns(connection) == []
        found = campaigns.campaign_by_id(connection, campaign_id=past)
    assert found is not None
    assert (found.state, found.jobs_total, found.week_key) == ("completed", 40, WEEK)


def test_the_loads_events_are_evidence_about_it(shop: Shop, past: int) -> None:
    stories = Stories(targets_of(shop, past), rng=Share(seed=SEED).rng("stories"))
    events = stories.next_events(200, at_s=1_795_000_000.0)
    with transaction(shop.engine) as connection:
        [inbox_id] = inbox.add_posts(connection, bodies={b"digest": join_events(events)}).values()
    applied = apply_posts(shop.engine, inbox_ids=[inbox_id])

    assert applied.foreign == 0
    assert applied.events + applied.repeated == 200
    assert shop.states().get("delivered", 0) >= 30


def test_without_a_newsletter_it_says_what_to_do_first(shop: Shop) -> None:
    with pytest.raises(InputError, match="steadypost population generate"):
        write_past_campaign(shop.engine, newsletter="weekly-recos", week_key=WEEK, jobs=10)


def test_without_users_it_says_what_to_do_first(shop: Shop) -> None:
    shop.add_newsletter()

    with pytest.raises(InputError, match="steadypost population generate"):
        write_past_campaign(shop.engine, newsletter="weekly-recos", week_key=WEEK, jobs=10)
    assert shop.rows("SELECT id FROM campaigns") == []


def test_the_week_before_is_seven_days_ago() -> None:
    assert week_before(datetime(2026, 11, 21, tzinfo=UTC)) == WEEK
    assert week_before(datetime(2026, 1, 2, tzinfo=UTC)) == "2025-W52"
