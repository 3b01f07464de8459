"""Whom the cool-down leaves nothing is shown known products again; nothing else is ever relaxed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from system.pipeline.choice import choose
from system.pipeline.shelf import NewsletterShelf
from system.recommender.recommendation import Recommendation, Source
from system.recommender.shelf import History, Shelf
from system.storage.histories import Past
from system.storage.shelves import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.unit

ANNA, BEN = 1, 2


class EverythingLeft:
    """Recommends whatever is neither bought nor hidden, by id, and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[Mapping[int, History]] = []
        self.bought_again: set[bool] = set()

    def recommend(
        self, histories: Mapping[int, History], *, shelf: Shelf, buy_again: bool
    ) -> dict[int, Recommendation]:
        self.asked.append(histories)
        self.bought_again.add(buy_again)
        return {user: self._left(history, shelf) for user, history in histories.items()}

    def _left(self, history: History, shelf: Shelf) -> Recommendation:
        left = sorted(set(shelf.product_ids.tolist()) - {*history.bought, *history.hidden})
        return Recommendation(Source.HISTORY if left else Source.NOTHING_LEFT, left, [0] * len(left))


def shelf_of(*product_ids: int, buy_again: bool = False) -> NewsletterShelf:
    rules = Rules(
        price_min=None,
        price_max=None,
        excluded_categories=[],
        excluded_product_ids=[],
        per_category=3,
        cool_down_weeks=4,
        buy_again=buy_again,
    )
    return NewsletterShelf(rules, Shelf.plain(product_ids))


def past(*, bought: list[int] | None = None, excluded: list[int] | None = None, shown: list[int] | None = None) -> Past:
    return Past(bought or [], [1] * len(bought or []), excluded or [], shown or [])


def test_what_was_shown_lately_or_is_excluded_is_not_recommended() -> None:
    found = choose(EverythingLeft(), {ANNA: past(bought=[1], excluded=[2], shown=[3])}, on=shelf_of(1, 2, 3, 4))
    assert found[ANNA] == Recommendation(Source.HISTORY, [4], [0])


def test_who_was_shown_everything_is_shown_it_again_with_the_reason_and_the_others_are_not_asked_twice() -> None:
    scorer = EverythingLeft()
    found = choose(scorer, {ANNA: past(bought=[1], excluded=[2], shown=[3, 4]), BEN: past()}, on=shelf_of(1, 2, 3, 4))
    assert found[ANNA] == Recommendation(Source.REPEATED, [3, 4], [0, 0])
    assert found[BEN].reason is Source.HISTORY
    assert [sorted(asked) for asked in scorer.asked] == [[ANNA, BEN], [ANNA]]


def test_who_bought_everything_gets_nothing_whatever_was_shown() -> None:
    found = choose(EverythingLeft(), {ANNA: past(bought=[1, 2], shown=[2])}, on=shelf_of(1, 2))
    assert found[ANNA] == Recommendation(Source.NOTHING_LEFT)


def test_without_anybody_to_ask_again_the_scorer_is_asked_once() -> None:
    scorer = EverythingLeft()
    choose(scorer, {ANNA: past(bought=[1])}, on=shelf_of(1))
    assert len(scorer.asked) == 1


@pytest.mark.parametrize("buy_again", [True, False])
def test_the_newsletter_says_whether_bought_products_may_come_again(*, buy_again: bool) -> None:
    scorer = EverythingLeft()
    choose(scorer, {ANNA: past(shown=[1])}, on=shelf_of(1, buy_again=buy_again))
    assert scorer.bought_again == {buy_again}


def test_how_often_something_was_bought_reaches_the_scorer() -> None:
    scorer = EverythingLeft()
    choose(scorer, {ANNA: Past([4, 2], [3, 1], [9], [8])}, on=shelf_of(1))
    assert scorer.asked[0][ANNA] == History([4, 2], [3, 1], [9, 8])
