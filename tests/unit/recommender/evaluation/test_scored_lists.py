from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop_record import lists_of, truth_of

from system.recommender.evaluation.metrics import score_lists

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.unit

PRODUCTS = 12
LISTS = st.lists(st.integers(0, PRODUCTS - 1), unique=True, max_size=5)
TRUTHS = st.lists(st.integers(0, PRODUCTS - 1), unique=True, min_size=1, max_size=PRODUCTS)


def test_metrics_of_lists_that_were_counted_by_hand() -> None:
    truth = truth_of([[0, 1], [3], [0, 1, 2, 3, 4, 5, 6, 7], [9]], products=PRODUCTS)
    found = score_lists(lists_of([5, 0, 6, 7, 1], [3, 1, 2], [0, 10, 2, 11, 9], [1, 2, 3, 4, 5]), truth)
    ideal_of_five = 1 + 1 / log2(3) + 1 / 2 + 1 / log2(5) + 1 / log2(6)
    assert found["ndcg_at_5"].tolist() == pytest.approx(
        [(1 / log2(3) + 1 / log2(6)) / (1 + 1 / log2(3)), 1, (1 + 1 / 2) / ideal_of_five, 0]
    )
    assert found["recall_at_5"].tolist() == pytest.approx([2 / 2, 1 / 1, 2 / 8, 0])
    assert found["hit_rate_at_5"].tolist() == [1, 1, 1, 0]


def test_a_hit_on_the_second_place_counts_0_63_of_one_on_the_first() -> None:
    found = score_lists(lists_of([0, 1], [1, 0]), truth_of([[0], [0]], products=2))
    assert found["ndcg_at_5"].round(4).tolist() == [1.0, 0.6309]


def test_an_empty_list_hits_nothing() -> None:
    found = score_lists(lists_of([]), truth_of([[PRODUCTS - 1]], products=PRODUCTS))
    assert [values.tolist() for values in found.values()] == [[0.0], [0.0], [0.0]]


@given(st.lists(st.tuples(LISTS, TRUTHS), min_size=1, max_size=6))
def test_metrics_lie_between_0_and_1_and_agree_on_what_is_nothing(customers: list[tuple[list[int], list[int]]]) -> None:
    lists, bought = zip(*customers, strict=True)
    ndcg, recall, hit = score_lists(lists_of(*lists), truth_of(bought, products=PRODUCTS)).values()
    for values in (ndcg, recall, hit):
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()
    assert ((ndcg > 0) == (hit == 1)).all()
    assert ((recall > 0) == (hit == 1)).all()


@given(st.lists(st.tuples(LISTS, TRUTHS), min_size=1, max_size=6), st.randoms())
def test_each_customer_is_judged_alone(customers: list[tuple[list[int], list[int]]], random: Random) -> None:
    order = list(range(len(customers)))
    random.shuffle(order)
    lists, bought = zip(*customers, strict=True)
    straight = score_lists(lists_of(*lists), truth_of(bought, products=PRODUCTS))
    mixed = score_lists(
        lists_of(*(lists[at] for at in order)), truth_of([bought[at] for at in order], products=PRODUCTS)
    )
    for metric, values in straight.items():
        assert values[order].tolist() == pytest.approx(mixed[metric].tolist())


@given(TRUTHS)
def test_a_perfect_list_scores_1(bought: list[int]) -> None:
    ndcg, recall, hit = score_lists(lists_of(bought[:5]), truth_of([bought], products=PRODUCTS)).values()
    assert (ndcg[0], hit[0]) == (pytest.approx(1), 1)
    assert recall[0] == pytest.approx(min(5, len(bought)) / len(bought))


@given(LISTS, TRUTHS)
def test_a_hit_that_moves_up_never_scores_less(best: list[int], bought: list[int]) -> None:
    hits_first = sorted(best, key=lambda row: row not in bought)
    truth = truth_of([bought, bought], products=PRODUCTS)
    as_is, moved_up = score_lists(lists_of(best, hits_first), truth)["ndcg_at_5"]
    assert moved_up >= as_is - 1e-12
