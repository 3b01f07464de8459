from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from system.errors import InputError
from system.pipeline.dispatch import Started, dispatch_pages, start_campaign

if TYPE_CHECKING:
    from shop_world import Shop

    from system.storage.leftovers import Batch

pytestmark = pytest.mark.integration

WEEK = "2026-W47"


def start(shop: Shop, **changes: Any) -> Started:
    values: dict[str, Any] = {"newsletter": "weekly-recos", "week_key": WEEK, "triggered_by": "a test"}
    return start_campaign(shop.engine, **(values | changes))


def dispatch(shop: Shop, campaign_id: int, *, page_users: int = 5_000, batch_jobs: int = 500) -> list[list[Batch]]:
    return list(dispatch_pages(shop.engine, campaign_id=campaign_id, page_users=page_users, batch_jobs=batch_jobs))


def mailed(shop: Shop) -> list[int]:
    return [row[0] for row in shop.rows("SELECT user_id FROM email_jobs ORDER BY id")]


def test_a_campaign_gets_one_job_for_every_user(shop: Shop) -> None:
    shop.add_newsletter()
    users = [shop.add_user() for _ in range(7)]

    started = start(shop)
    pages = dispatch(shop, started.campaign_id, page_users=3, batch_jobs=2)

    assert started.created
    assert mailed(shop) == users
    assert shop.states() == {"pending": 7}
    assert [len(page) for page in pages] == [2, 2, 1]
    assert shop.rows("SELECT state, jobs_total, dispatched_at IS NOT NULL FROM campaigns") == [("running", 7, True)]


def test_the_batches_cover_every_job_once(shop: Shop) -> None:
    shop.add_newsletter()
    for _ in range(11):
        shop.add_user()

    batches = [batch for page in dispatch(shop, start(shop).campaign_id, page_users=4, batch_jobs=3) for batch in page]

    named = [job_id for batch in batches for job_id in range(batch.first_id, batch.last_id + 1)]
    assert named == [row[0] for row in shop.rows("SELECT id FROM email_jobs ORDER BY id")]


def test_a_page_is_committed_before_its_batches_are_told(shop: Shop) -> None:
    shop.add_newsletter()
    for _ in range(4):
        shop.add_user()
    pages = dispatch_pages(shop.engine, campaign_id=start(shop).campaign_id, page_users=2, batch_jobs=10)
    assert [shop.value("SELECT count(*) FROM email_jobs") for _ in pages] == [2, 4]


def test_starting_again_finds_the_campaign_that_is_there(shop: Shop) -> None:
    shop.add_newsletter()
    first = start(shop)
    assert start(shop) == Started(campaign_id=first.campaign_id, created=False)
    assert start(shop, week_key="2026-W48").created


def test_dispatching_again_changes_nothing(shop: Shop) -> None:
    shop.add_newsletter()
    shop.add_user()
    campaign_id = start(shop).campaign_id
    dispatch(shop, campaign_id)

    assert dispatch(shop, campaign_id) == []
    assert shop.rows("SELECT jobs_total FROM campaigns") == [(1,)]


def test_a_dispatch_that_was_killed_between_pages_is_taken_up_where_it_was(shop: Shop) -> None:
    shop.add_newsletter()
    users = [shop.add_user() for _ in range(9)]
    campaign_id = start(shop).campaign_id
    killed = dispatch_pages(shop.engine, campaign_id=campaign_id, page_users=2, batch_jobs=10)
    next(killed)
    next(killed)
    killed.close()
    assert len(mailed(shop)) == 4

    dispatch(shop, campaign_id, page_users=2)

    assert mailed(shop) == users
    assert shop.value("SELECT jobs_total FROM campaigns") == 9


def test_a_page_that_was_written_and_not_remembered_is_written_once(shop: Shop) -> None:
    shop.add_newsletter()
    users = [shop.add_user() for _ in range(4)]
    campaign_id = start(shop).campaign_id
    next(dispatch_pages(shop.engine, campaign_id=campaign_id, page_users=2, batch_jobs=10))
    shop.rows("UPDATE campaigns SET dispatch_cursor = 0, jobs_total = 0")

    dispatch(shop, campaign_id, page_users=2)

    assert mailed(shop) == users


def test_two_dispatchers_at_once_share_the_pages(shop: Shop) -> None:
    shop.add_newsletter()
    for _ in range(30):
        shop.add_user()
    campaign_id = start(shop).campaign_id

    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: dispatch(shop, campaign_id, page_users=2), range(3)))

    batches = [batch for run in runs for page in run for batch in page]
    assert sorted(mailed(shop)) == sorted(shop.users)
    assert len({batch.first_id for batch in batches}) == len(batches) == 15
    assert shop.rows("SELECT state, jobs_total FROM campaigns") == [("running", 30)]


def test_a_week_has_one_campaign_whoever_triggers_it(shop: Shop) -> None:
    shop.add_newsletter()
    with ThreadPoolExecutor(6) as pool:
        started = list(pool.map(lambda n: start(shop, triggered_by=f"trigger {n}"), range(6)))

    assert len({each.campaign_id for each in started}) == 1
    assert sum(each.created for each in started) == 1
    assert shop.value("SELECT count(*) FROM campaigns") == 1


def test_campaigns_of_several_newsletters_can_be_made_at_once(shop: Shop) -> None:
    for n in range(4):
        shop.add_newsletter(f"letter-{n}")
    with ThreadPoolExecutor(4) as pool:
        assert all(each.created for each in pool.map(lambda n: start(shop, newsletter=f"letter-{n}"), range(4)))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"active": False}, "inactive"),
        ({"suppressed_reason": "hard bounce", "suppressed_at": "2026-01-01"}, "suppressed: hard bounce"),
        ({"email": None}, "no address"),
        ({"email": ""}, "no address"),
        *(
            ({"email": address}, "invalid address")
            for address in (
                "ada",
                "ada@",
                "@example.org",
                "ada@example",
                "ada @example.org",
                "ada@exam ple.org",
                "ada@@example.org",
                "ada@example.org, bob@example.org",
                "Ada <ada@example.org>",
                "ada@example.org\nBcc: bob@example.org",
                "ada(home)@example.org",
                "friend:ada@example.org",
                "ada\x01@example.org",
                "a" * 310 + "@example.org",
            )
        ),
    ],
)
def test_a_user_who_can_not_be_mailed_is_skipped_with_the_reason(
    shop: Shop, columns: dict[str, Any], reason: str
) -> None:
    shop.add_newsletter()
    email = columns.pop("email", "ada@example.org")
    user_id = shop.add_user(**columns)
    shop.rows("UPDATE users SET email = :email WHERE id = :id", email=email, id=user_id)
    dispatch(shop, start(shop).campaign_id)
    assert shop.rows("SELECT status, reason FROM email_jobs") == [("skipped", reason)]


@pytest.mark.parametrize("email", ["o'neil+shop@example.org", "zoë@exämple.org", "a.b-c_d@x.co.uk", "1@a.io"])
def test_an_unusual_address_is_mailed(shop: Shop, email: str) -> None:
    shop.add_newsletter()
    shop.add_user(email)
    dispatch(shop, start(shop).campaign_id)
    assert shop.states() == {"pending": 1}


def test_who_came_after_the_campaign_was_made_is_not_in_it(shop: Shop) -> None:
    shop.add_newsletter()
    users = [shop.add_user() for _ in range(3)]
    campaign_id = start(shop).campaign_id
    shop.add_user()

    dispatch(shop, campaign_id)

    assert mailed(shop) == users


def test_an_audience_is_all_or_one_locale(shop: Shop) -> None:
    shop.add_newsletter(audience="de")
    shop.add_user(locale="en")
    german = shop.add_user(locale="de")
    dispatch(shop, start(shop).campaign_id, page_users=1)
    assert mailed(shop) == [german]


def test_an_audience_of_nobody_ends_at_once(shop: Shop) -> None:
    shop.add_newsletter()
    assert dispatch(shop, start(shop).campaign_id) == []
    assert shop.value("SELECT state FROM campaigns") == "running"


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_dispatch_ends_when_the_campaign_does_not_run(shop: Shop, state: str) -> None:
    shop.add_newsletter()
    for _ in range(4):
        shop.add_user()
    campaign_id = start(shop).campaign_id
    pages = dispatch_pages(shop.engine, campaign_id=campaign_id, page_users=1, batch_jobs=10)
    next(pages)
    shop.rows(f"UPDATE campaigns SET state = '{state}', state_reason = 'by hand'")
    assert list(pages) == []
    assert len(mailed(shop)) == 1


def test_a_newsletter_that_does_not_exist_is_named_with_those_that_do(shop: Shop) -> None:
    shop.add_newsletter("monthly")
    with pytest.raises(InputError, match=r"^newsletter='weekly' does not exist\. Known newsletters: monthly$"):
        start(shop, newsletter="weekly")


def test_a_malformed_week_starts_nothing(shop: Shop) -> None:
    shop.add_newsletter()
    with pytest.raises(InputError, match="is not an ISO week"):
        start(shop, week_key="2026-47")
    assert shop.value("SELECT count(*) FROM campaigns") == 0


def test_a_campaign_that_does_not_exist_is_an_input_error(shop: Shop) -> None:
    with pytest.raises(InputError, match=r"^campaign=77 does not exist"):
        dispatch(shop, 77)
