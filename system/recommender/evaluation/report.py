"""All that `steadypost model evaluate` finds out, as one dictionary; `report.json` and the page are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from system.errors import InputError
from system.recommender.evaluation.baselines import Baseline, baselines
from system.recommender.evaluation.bootstrap import LEVEL, RESAMPLES
from system.recommender.evaluation.card import SEED
from system.recommender.evaluation.comparison import MODEL, compare, describe_lists, summarise
from system.recommender.evaluation.replay import find_mondays, replay
from system.recommender.evaluation.segments import ENOUGH_CUSTOMERS, by_segment
from system.recommender.evaluation.splits import Mode, day_name, split_last
from system.recommender.evaluation.verdict import check_targets, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from system.recommender.evaluation.ranking import Ranker
    from system.recommender.evaluation.splits import Split
    from system.recommender.purchases import Purchases

Fit: TypeAlias = "Callable[[Split], Ranker]"
"""From a split to a model that knows nothing but its past."""

SCHEMA: Final = "steadypost.evaluation/1"
REPLAYED: Final = (Baseline.POPULAR_14D, Baseline.COSINE)


def evaluate(
    purchases: Purchases,
    *,
    prepare: Callable[[int], Fit],
    test_days: int,
    replay_weeks: int,
    seed: int = SEED,
    on_step: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> dict[str, Any]:
    """Judge a way of fitting on the newest days of the record, and on each of the last weeks.

    `prepare` gives a way of fitting whose choices rest on days before the given one; it is asked once for all weeks of
    the replay and once for the window, the earlier day first. What it gives is handed splits of which it must use the
    past alone.
    Raises InputError when the record is too short or nobody with a history bought anything in its newest days.
    """
    split = split_last(purchases, days=test_days)
    _check_window(split, test_days=test_days)
    fits = _prepare_in_order(prepare, (split.first_day, *find_mondays(purchases, weeks=replay_weeks)[:1]))
    on_step("Fitting", 0, 1)
    model = fits[split.first_day](split)
    modes = {}
    for done, mode in enumerate(Mode):
        on_step("Comparing with baselines", done, len(Mode))
        modes[str(mode)] = _judge_mode(split, mode=mode, model=model, seed=seed)
    replayed = _replay(purchases, fits=fits, weeks=replay_weeks, seed=seed, on_step=on_step)
    new_only = modes[Mode.NEW_ONLY]
    return {
        "schema": SCHEMA,
        "data": _describe(purchases),
        "window": split.window() | {"days": test_days},
        "bootstrap": {"resamples": RESAMPLES, "seed": seed, "level": LEVEL},
        "verdict": {
            "outcome": str(judge(new_only["differences"], enough=new_only["customers"] >= ENOUGH_CUSTOMERS)),
            "targets": check_targets(new_only["ratios"]),
        },
        "modes": modes,
        "replay": replayed,
    }


def _check_window(split: Split, *, test_days: int) -> None:
    if not len(split.truth(Mode.BUY_AGAIN)):
        raise InputError(
            field="test_days",
            value=test_days,
            problem="hold no purchase of a customer who had bought before",
            remedy="Choose a longer window.",
        )


def _judge_mode(split: Split, *, mode: Mode, model: Ranker, seed: int) -> dict[str, Any]:
    found = compare(split, mode=mode, rankers={MODEL: model, **baselines(split, mode=mode)})
    return {
        **summarise(found.scores, seed=seed),
        "lists": describe_lists(found, split, seed=seed),
        "segments": by_segment(found, split, seed=seed),
    }


def _prepare_in_order(prepare: Callable[[int], Fit], days: Iterable[int]) -> dict[int, Fit]:
    return {day: prepare(day) for day in sorted(days)}


def _replay(
    purchases: Purchases,
    *,
    fits: Mapping[int, Fit],
    weeks: int,
    seed: int,
    on_step: Callable[[str, int, int], None],
) -> dict[str, Any]:
    mondays = find_mondays(purchases, weeks=weeks)
    on_step("Replaying weeks", 0, len(mondays))
    return replay(
        purchases,
        weeks=weeks,
        fit=lambda week: {MODEL: fits[mondays[0]](week), **_replayed_baselines(week)},
        seed=seed,
        on_week=lambda done: on_step("Replaying weeks", done, len(mondays)),
    )


def _replayed_baselines(split: Split) -> dict[str, Ranker]:
    every = baselines(split, mode=Mode.NEW_ONLY)
    return {name: every[name] for name in REPLAYED}


def _describe(purchases: Purchases) -> dict[str, Any]:
    return {
        "orders": len(purchases),
        "customers": len(purchases.user_ids),
        "products": len(purchases.product_ids),
        "first_day": day_name(purchases.first_day),
        "last_day": day_name(purchases.end_day - 1),
    }
