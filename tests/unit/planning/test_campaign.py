"""The order in which the batches of several accounts enter the queue."""

import pytest

from system.planning.campaign import batches
from system.planning.scenario import Scenario

pytestmark = pytest.mark.unit


def order(**scenario: object) -> list[int]:
    plain = {"users": 80, "accounts": 4, "batch_jobs": 5, "page_users": 10, **scenario}
    return [batch.account for batch in batches(Scenario(**plain), start_s=0, users_per_s=1)]  # type: ignore[arg-type]  # by name


def test_two_campaigns_at_a_time_enter_the_queue_page_by_page() -> None:
    made = order()
    assert (sorted(made[:8]), sorted(made[8:])) == ([0] * 4 + [1] * 4, [2] * 4 + [3] * 4)
    assert made[::2] == made[1::2]  # both batches of a page


def test_whose_page_comes_next_is_chance_but_the_same_every_time() -> None:
    made = order(users=400, page_users=5)
    assert made[:40] not in ([0, 1] * 20, [0] * 20 + [1] * 20)
    assert made == order(users=400, page_users=5)


def test_as_many_dispatchers_as_accounts_mix_them_all() -> None:
    assert set(order(users=400, page_users=5, processes={"orchestrator": 4})[:20]) == {0, 1, 2, 3}


def test_each_installation_has_its_part_of_the_accounts() -> None:
    assert sorted(order(installations=2)) == [0] * 4 + [1] * 4


def test_a_page_and_a_batch_may_be_smaller_than_the_others() -> None:
    made = list(batches(Scenario(users=13, batch_jobs=5, page_users=10, retry_share=0), start_s=2.0, users_per_s=10))
    assert [batch.mails for batch in made] == [5, 5, 3]
    assert [batch.since_s for batch in made] == [2.0, 2.5, 3.0]


def test_refused_attempts_take_the_room_of_mails() -> None:
    (batch,) = batches(Scenario(users=100, retry_share=0.5, mailed_share=0.5), start_s=0, users_per_s=10)
    assert batch.mails == 100
