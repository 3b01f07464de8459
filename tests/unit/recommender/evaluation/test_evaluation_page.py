from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shop_record import record

from system.errors import InputError
from system.recommender.evaluation.baselines import cosine_ranker, popular_ranker
from system.recommender.evaluation.page import page_of, write_report
from system.recommender.evaluation.report import SCHEMA, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from system.recommender.evaluation.ranking import ScoreRanker
    from system.recommender.evaluation.splits import Split
    from system.recommender.purchases import Purchases

pytestmark = pytest.mark.unit

SEED = 11
VOID = {"meta", "link", "br", "line", "circle", "path"}


def _shop() -> Purchases:
    """Two tastes of ten products each; 120 customers buy theirs again and again over 12 weeks."""
    random = np.random.default_rng(SEED)
    lines = [
        (customer, 10 * (customer % 2) + int(random.integers(10)), int(random.integers(84)))
        for customer in range(120)
        for _ in range(9)
    ]
    return record(lines, products=21)


def _by_taste(_day: int) -> Callable[[Split], ScoreRanker]:
    return cosine_ranker


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    made = evaluate(_shop(), prepare=_by_taste, test_days=28, replay_weeks=3, seed=SEED)
    about = {"version": "2011-09-30 <b>&", "parameters": {"ridge": 500}, "chosen": "Chosen on the 28 days before."}
    return made | {"model": about, "command": "steadypost model evaluate"}


def test_a_report_knows_both_modes_all_baselines_and_the_replay(report: dict[str, Any]) -> None:
    assert report["schema"] == SCHEMA
    assert report["window"] == {"first_day": "1970-02-26", "last_day": "1970-03-25", "days": 28}
    assert set(report["modes"]["new_only"]["models"]) == {"model", "popular_14d", "cosine", "popular"}
    assert {"frequency", "frequency_90d"} < set(report["modes"]["buy_again"]["models"])
    assert len(report["replay"]["mondays"]) == 3
    assert [(arm["name"], arm["cool_down"]) for arm in report["replay"]["arms"]] == [
        (name, cool_down) for name in ("model", "popular_14d", "cosine") for cool_down in (False, True)
    ]


def test_taste_beats_popularity_where_there_is_taste(report: dict[str, Any]) -> None:
    assert report["verdict"]["outcome"] == "better"
    assert report["modes"]["new_only"]["ratios"]["cosine"]["ndcg_at_5"] == {"value": 1, "low": 1, "high": 1}


def test_the_same_purchases_give_the_same_report(report: dict[str, Any]) -> None:
    again = evaluate(_shop(), prepare=_by_taste, test_days=28, replay_weeks=3, seed=SEED)
    assert {key: report[key] for key in again} == again


def test_a_model_is_chosen_and_fitted_on_nothing_of_the_days_it_is_judged_by() -> None:
    seen: list[tuple[int, int]] = []
    chosen: list[int] = []

    def prepare(day: int) -> Callable[[Split], ScoreRanker]:
        chosen.append(day)

        def fit(split: Split) -> ScoreRanker:
            seen.append((split.past.end_day, split.first_day))
            assert split.first_day >= day
            return popular_ranker(split)

        return fit

    evaluate(_shop(), prepare=prepare, test_days=28, replay_weeks=3, seed=SEED)
    assert len(seen) == 1 + 3
    assert all(end <= first for end, first in seen)
    assert chosen == sorted([84 - 28, seen[1][1]])


def test_a_window_in_which_nobody_with_a_history_bought_anything_is_refused() -> None:
    lines = [(1, 0, 1), (2, 0, 30)]
    with pytest.raises(InputError, match=r"test_days=7 hold no purchase of a customer who had bought before"):
        evaluate(record(lines, products=1), prepare=lambda _day: popular_ranker, test_days=7, replay_weeks=0, seed=SEED)


def test_the_page_is_well_formed_and_needs_nothing_else(report: dict[str, Any]) -> None:
    page = page_of(report)
    _Balance().feed(page)
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "http" not in page.replace("http-equiv", "")
    assert page == page_of(json.loads(json.dumps(report)))


def test_the_page_begins_with_the_verdict_and_escapes_what_it_is_told(report: dict[str, Any]) -> None:
    page = page_of(report)
    assert "1.0 times as good as plain cosine" in page
    assert "2 of 4 targets are met." in page
    assert "2011-09-30 &lt;b&gt;&amp;" in page
    assert "<b>&" not in page


def test_a_worse_model_is_said_to_be_worse(report: dict[str, Any]) -> None:
    worse = copy.deepcopy(report)
    worse["verdict"]["outcome"] = "worse"
    assert "Worse than recently popular products, beyond noise: it must not be mailed." in page_of(worse)


def test_a_segment_of_few_customers_says_so(report: dict[str, Any]) -> None:
    few = copy.deepcopy(report)
    few["modes"]["new_only"]["segments"][0]["enough"] = False
    assert "Fewer than 50 customers are too few to say." in page_of(few)


def test_a_report_of_almost_nothing_can_be_drawn() -> None:
    lines = [(1, 0, 1), (2, 1, 1), (1, 1, 9)]
    made = evaluate(
        record(lines, products=2), prepare=lambda _day: popular_ranker, test_days=7, replay_weeks=0, seed=SEED
    )
    page = page_of(made | {"model": {"version": "x", "parameters": {}, "chosen": ""}, "command": "c"})
    _Balance().feed(page)
    assert "Not told apart from recently popular products" in page


def test_the_folder_is_made_and_holds_the_page_and_what_it_was_drawn_from(
    report: dict[str, Any], tmp_path: Path
) -> None:
    page = write_report(report, folder=tmp_path / "a" / "b")
    assert page.read_text(encoding="utf-8") == page_of(report)
    assert json.loads(page.with_name("report.json").read_text(encoding="utf-8")) == report


class _Balance(HTMLParser):
    """Fails where an element is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
