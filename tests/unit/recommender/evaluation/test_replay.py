from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from shop_record import record

from system.recommender.evaluation.baselines import popular_ranker
from system.recommender.evaluation.replay import find_mondays, replay

if TYPE_CHECKING:
    from system.recommender.evaluation.ranking import ScoreRanker
    from system.recommender.evaluation.splits import Split
    from system.recommender.purchases import Purchases

pytestmark = pytest.mark.unit

MONDAY = 4  # 1970-01-05


def _by_popularity(split: Split) -> dict[str, ScoreRanker]:
    return {"popular": popular_ranker(split)}


@pytest.fixture
def purchases() -> Purchases:
    """Product p has 12 - p buyers in the first week; then customer 100 buys 0 in week 2 and 6 in week 3."""
    past = [(user, product, 1) for product in range(12) for user in range(12 - product)]
    return record([*past, (100, 11, 1), (100, 0, MONDAY + 1), (100, 6, MONDAY + 8), (0, 11, MONDAY + 13)], products=12)


def test_mondays_have_orders_before_them_and_a_whole_week_behind_them(purchases: Purchases) -> None:
    assert find_mondays(purchases, weeks=12) == [MONDAY, MONDAY + 7]
    assert find_mondays(purchases, weeks=1) == [MONDAY + 7]
    assert find_mondays(record([(1, 0, 1), (1, 0, MONDAY + 12)], products=1), weeks=12) == [MONDAY]
    assert find_mondays(record([(1, 0, MONDAY), (1, 0, MONDAY + 12)], products=1), weeks=12) == []
    assert find_mondays(record([(1, 0, 1)], products=1), weeks=12) == []


def test_hits_are_counted_per_1000_mails_to_everybody(purchases: Purchases) -> None:
    plain, cool = replay(purchases, weeks=12, fit=_by_popularity, seed=1)["arms"]
    # 13 customers a week; the first bought everything there is, so nothing is left to mail to them.
    assert (plain["mails"], plain["hits"], plain["buyer_weeks"]) == (24, 1, 2)
    assert plain["hits_per_1000"]["value"] == pytest.approx(1000 / 24, abs=1e-6)
    assert plain["weeks"][0]["hit_rate"] == 1
    assert plain["hit_rate"] is None  # too few customers bought anything to say how far chance reaches
    # Customer 100 got 0..4 in the first week, so 5..9 in the second: what they bought then is among them.
    assert (cool["mails"], cool["hits"]) == (19, 2)  # five others have nothing left after the first week


def test_with_the_cool_down_no_product_is_repeated(purchases: Purchases) -> None:
    plain, cool = replay(purchases, weeks=12, fit=_by_popularity, seed=1)["arms"]
    assert (plain["cool_down"], cool["cool_down"]) == (False, True)
    assert plain["repeated"] > 0.9
    assert cool["repeated"] == 0


def test_a_product_comes_back_after_the_cool_down() -> None:
    lines = [(1, 0, 1), *((2, product, 1) for product in range(6)), (1, 0, MONDAY + 7 * 6)]
    arms = replay(record(lines, products=6), weeks=6, fit=_by_popularity, seed=1)["arms"]
    shown = [round(week["coverage"] * 6) for week in arms[1]["weeks"]]
    assert shown == [5, 0, 0, 0, 0, 5]


def test_the_week_s_refit_knows_nothing_of_the_week(purchases: Purchases) -> None:
    newest: list[int] = []

    def fit(split: Split) -> dict[str, ScoreRanker]:
        newest.append(split.past.end_day)
        return _by_popularity(split)

    weeks: list[int] = []
    found = replay(purchases, weeks=12, fit=fit, seed=1, on_week=weeks.append)
    assert newest == [2, MONDAY + 2]
    assert weeks == [1, 2]
    assert found["mondays"] == ["1970-01-05", "1970-01-12"]


def test_a_record_without_a_whole_week_has_no_replay() -> None:
    assert replay(record([(1, 0, 1)], products=1), weeks=12, fit=_by_popularity, seed=1)["arms"] == []
