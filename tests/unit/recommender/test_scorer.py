from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alike import neighbours_of

from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue, write_model
from system.recommender.recommendation import Recommendation, Source
from system.recommender.scorer import Scorer
from system.recommender.shelf import History, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

pytestmark = pytest.mark.unit

TEA, MUG, POT, ROPE, TENT, LAMP, STOVE = 10, 20, 30, 40, 50, 60, 70
KITCHEN = {TEA: (1, 0), MUG: (0.99, 0.14), POT: (0.95, 0.31)}
CAMPING = {ROPE: (0, 1), TENT: (0.14, 0.99), LAMP: (0.31, 0.95), STOVE: (0.45, 0.89)}
SHOP = {**KITCHEN, **CAMPING}
POPULAR = [LAMP, TEA, STOVE, MUG, POT, ROPE, TENT]
EVERYTHING = frozenset(SHOP)


@pytest.fixture
def make_scorer(tmp_path: Path) -> Callable[..., Scorer]:
    def make(
        vectors: dict[int, Sequence[float]] = SHOP,
        popular: Sequence[int] = POPULAR,
        spoiled: dict[int, float] | None = None,
    ) -> Scorer:
        path = tmp_path / "current.onnx"
        neighbours = neighbours_of(np.array(list(vectors.values())))
        for product, weight in (spoiled or {}).items():
            neighbours.weights[list(vectors).index(product)] = weight
        write_model(
            path,
            build_graph(neighbours),
            catalogue=Catalogue(list(vectors), list(popular)),
            trained_on=date(2026, 11, 21),
        )
        return Scorer.load(path)

    return make


@pytest.fixture
def scorer(make_scorer: Callable[..., Scorer]) -> Scorer:
    return make_scorer()


def _recommend(
    scorer: Scorer,
    bought: dict[int, Sequence[int]],
    *,
    in_stock: Collection[int] = EVERYTHING,
    popular: Sequence[int] | None = None,
) -> dict[int, Recommendation]:
    shelf = Shelf.plain(list(in_stock), popular=popular)
    return scorer.recommend({user: History(products) for user, products in bought.items()}, shelf=shelf)


def test_the_nearest_products_come_first_and_name_the_bought_one_that_explains_them(scorer: Scorer) -> None:
    found = _recommend(scorer, {1: [TEA, ROPE, TENT]})
    assert found[1].reason is Source.HISTORY
    assert found[1].product_ids == [STOVE, LAMP, POT, MUG]
    assert found[1].because_ids == [TENT, TENT, TEA, TEA]


def test_bought_products_and_those_out_of_stock_never_appear(scorer: Scorer) -> None:
    found = _recommend(scorer, {1: [TEA], 2: [TENT, ROPE]}, in_stock=EVERYTHING - {MUG, STOVE})
    assert found[1].product_ids == [POT, LAMP, TENT, ROPE]
    assert found[2].product_ids == [LAMP, POT, TEA]


def test_popular_products_fill_up_what_the_model_has_nothing_for(scorer: Scorer) -> None:
    newcomer = 99
    found = _recommend(scorer, {1: [TEA]}, in_stock={MUG, newcomer}, popular=[TEA, newcomer, MUG])
    assert found[1] == Recommendation(Source.HISTORY, [MUG, newcomer], [TEA, 0])


def test_a_product_that_nothing_connects_to_the_history_counts_as_popular(scorer: Scorer) -> None:
    found = _recommend(scorer, {1: [TEA]}, in_stock={ROPE})  # a right angle to tea
    assert found[1] == Recommendation(Source.POPULAR, [ROPE], [0])


def test_without_a_history_the_popular_products_in_stock_are_taken(scorer: Scorer) -> None:
    found = _recommend(scorer, {1: []}, in_stock=EVERYTHING - {TEA})
    assert found[1] == Recommendation(Source.NO_HISTORY, [LAMP, STOVE, MUG, POT, ROPE], [0] * 5)


def test_a_history_of_products_that_the_model_never_saw_counts_as_none_and_is_still_masked(scorer: Scorer) -> None:
    found = _recommend(scorer, {1: [7, 99]}, in_stock=frozenset({7, 99, TEA}), popular=[99, TEA, 7])
    assert found[1] == Recommendation(Source.NO_HISTORY, [TEA], [0])


def test_who_bought_everything_gets_nothing(scorer: Scorer) -> None:
    found = _recommend(scorer, {1: list(SHOP)}, in_stock=EVERYTHING)
    assert found[1] == Recommendation(Source.NOTHING_LEFT)


def test_an_empty_stock_leaves_nothing_for_anybody(scorer: Scorer) -> None:
    found = _recommend(scorer, {1: [TEA], 2: []}, in_stock=frozenset())
    assert {found[1].reason, found[2].reason} == {Source.NOTHING_LEFT}


def test_a_catalogue_of_one_works(make_scorer: Callable[..., Scorer]) -> None:
    scorer = make_scorer({TEA: (1.0,)}, [TEA])
    found = _recommend(scorer, {1: [TEA], 2: []}, in_stock=frozenset({TEA}))
    assert found[1] == Recommendation(Source.NOTHING_LEFT)
    assert found[2] == Recommendation(Source.NO_HISTORY, [TEA], [0])


def test_every_user_is_answered_in_the_order_asked(scorer: Scorer) -> None:
    histories = {9: [TEA, MUG], 3: [], 7: [ROPE]}
    assert list(_recommend(scorer, histories)) == [9, 3, 7]
    assert _recommend(scorer, {}) == {}


@pytest.mark.parametrize("nonsense", [np.nan, np.inf])
def test_scores_that_are_not_numbers_end_in_popular_products_for_that_user_alone(
    make_scorer: Callable[..., Scorer], nonsense: float
) -> None:
    scorer = make_scorer(spoiled={MUG: nonsense})
    found = _recommend(scorer, {1: [MUG], 2: [TEA]})
    assert found[1] == Recommendation(Source.UNUSABLE_SCORES, [LAMP, TEA, STOVE, POT, ROPE], [0] * 5)
    assert found[2].product_ids == [MUG, POT, STOVE, LAMP, TENT]
    assert found[2].because_ids == [TEA] * 5


def test_a_batch_that_fails_inside_the_runtime_ends_in_popular_products(scorer: Scorer) -> None:
    class Broken:
        def run(self, *_: object) -> None:
            raise RuntimeError("out of memory")

    scorer._session = Broken()
    found = _recommend(scorer, {1: [ROPE]}, in_stock=EVERYTHING)
    assert found[1] == Recommendation(Source.UNUSABLE_SCORES, [LAMP, TEA, STOVE, MUG, POT], [0] * 5)


def test_a_graph_that_ignores_its_masks_still_can_t_recommend_what_was_bought(scorer: Scorer) -> None:
    class Unmasked:
        def run(self, *_: object) -> list[np.ndarray]:
            rows = np.array([[0, 1, 2]])  # tea, mug, pot
            return [rows, np.ones((1, 3), dtype=np.float32), np.zeros((1, 3), dtype=np.int64)]

    scorer._session = Unmasked()
    found = _recommend(scorer, {1: [TEA]}, in_stock=frozenset({TEA, POT}))
    assert found[1] == Recommendation(Source.HISTORY, [POT], [TEA])


def test_purchases_beyond_the_newest_shape_no_taste_but_stay_masked(make_scorer: Callable[..., Scorer]) -> None:
    ids = list(range(1, 333))
    kitchen, camping = ids[:130], ids[130:]
    scorer = make_scorer({id_: (1, 0) if id_ in kitchen else (0.1, 1) for id_ in ids}, ids)
    old_camping = camping[:200]
    found = _recommend(scorer, {1: kitchen[:128] + old_camping}, in_stock=frozenset(ids))
    assert found[1].product_ids == [129, 130, 331, 332]
    assert found[1].because_ids == [1, 1, 1, 1]
