"""What a model's card says about its quality, short enough to be kept with every version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from system.recommender.evaluation.baselines import Baseline, baselines
from system.recommender.evaluation.comparison import MODEL, compare, summarise
from system.recommender.evaluation.segments import ENOUGH_CUSTOMERS
from system.recommender.evaluation.splits import Mode

if TYPE_CHECKING:
    from system.recommender.evaluation.ranking import Ranker
    from system.recommender.evaluation.splits import Split

SEED: Final = 20_110_930
MOST_CUSTOMERS: Final = 5_000
"""More would make a training longer and the intervals little shorter."""
COMPARED: Final = (Baseline.POPULAR_14D, Baseline.COSINE)


def card_metrics(split: Split, model: Ranker, *, seed: int = SEED) -> dict[str, Any] | None:
    """Metrics of products that are new to the customer, with intervals; None where too few customers bought any.

    `model` must have been fitted on `split.past` alone.
    """
    truth = split.truth(Mode.NEW_ONLY).sample(most=MOST_CUSTOMERS, seed=seed)
    if len(truth) < ENOUGH_CUSTOMERS:
        return None
    rankers: dict[str, Ranker] = {MODEL: model, **baselines(split, mode=Mode.NEW_ONLY)}
    found = compare(split, mode=Mode.NEW_ONLY, rankers=rankers, truth=truth)
    summary = summarise(found.scores, seed=seed)
    return {
        "window": split.window() | {"customers": summary["customers"]},
        "models": summary["models"],
        "differences": {name: summary["differences"][name] for name in COMPARED},
    }
