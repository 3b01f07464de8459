"""Several rankers on the same customers: every metric with its interval, and the model against each baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from system.recommender.evaluation import lists
from system.recommender.evaluation.bootstrap import RESAMPLES, divide, draw_means, interval_of
from system.recommender.evaluation.metrics import score_lists
from system.recommender.evaluation.splits import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from system.recommender.evaluation.ranking import Ranker
    from system.recommender.evaluation.splits import Split, Truth

MODEL: Final = "model"

Columns = dict[tuple[str, str], "NDArray[np.float64]"]
"""One value per customer, by the name of the ranker and of the metric."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What each ranker gave to the customers of one truth."""

    truth: Truth
    best: Mapping[str, NDArray[np.int32]]
    scores: Columns

    def of(self, chosen: NDArray[np.bool_]) -> Columns:
        """The scores of some of the customers."""
        return {key: values[chosen] for key, values in self.scores.items()}


def compare(split: Split, *, mode: Mode, rankers: Mapping[str, Ranker], truth: Truth | None = None) -> Comparison:
    """Let each ranker recommend to every customer who bought something that counts, or to those of `truth`."""
    truth = truth or split.truth(mode)
    best = {name: ranker.best(truth.users, buy_again=mode is Mode.BUY_AGAIN) for name, ranker in rankers.items()}
    scores = {
        (name, str(metric)): values
        for name, found in best.items()
        for metric, values in score_lists(found, truth).items()
    }
    return Comparison(truth, best, scores)


def summarise(columns: Columns, *, seed: int, resamples: int = RESAMPLES) -> dict[str, Any]:
    """For JSON: each ranker's metrics, and the model's difference and ratio to each of the others."""
    if not len(next(iter(columns.values()))):
        return {"customers": 0, "models": {}, "differences": {}, "ratios": {}}
    means = draw_means(columns, seed=seed, resamples=resamples)
    others = [name for name in dict.fromkeys(name for name, _ in means) if name != MODEL]
    ours = {metric: drawn for (name, metric), drawn in means.items() if name == MODEL}
    return {
        "customers": len(next(iter(columns.values()))),
        "models": {
            name: _intervals({metric: drawn for (whose, metric), drawn in means.items() if whose == name})
            for name in dict.fromkeys(name for name, _ in means)
        },
        "differences": {
            name: _intervals({metric: drawn - means[name, metric] for metric, drawn in ours.items()}) for name in others
        },
        "ratios": {
            name: _intervals({metric: divide(drawn, means[name, metric]) for metric, drawn in ours.items()})
            for name in others
        },
    }


def describe_lists(found: Comparison, split: Split, *, seed: int) -> dict[str, dict[str, Any]]:
    """For JSON: what each ranker's lists are like; coverage is a count of products and has no interval."""
    columns: Columns = {}
    for name, best in found.best.items():
        columns[name, "novelty_bits"] = lists.novelty(best, bought=split.bought)
        columns[name, "diversity"] = lists.diversity(best, bought=split.bought)
        columns[name, "repeat_rate"] = lists.repeats(best, users=found.truth.users, bought=split.bought)
    summary = summarise(columns, seed=seed)["models"]
    products = len(split.past.product_ids)
    return {
        name: {"coverage": {"value": round(lists.coverage(best, products=products), 6)}, **summary[name]}
        for name, best in found.best.items()
        if name in summary
    }


def _intervals(drawn: Mapping[str, NDArray[np.float64]]) -> dict[str, dict[str, float] | None]:
    found = {metric: interval_of(values) for metric, values in drawn.items()}
    return {metric: interval.as_dict() if interval else None for metric, interval in found.items()}
