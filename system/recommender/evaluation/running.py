"""An evaluation of a registered version: its hyper-parameters, the orders in the database, and its graph."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from system.recommender.evaluation.model_ranker import ModelRanker
from system.recommender.evaluation.report import evaluate
from system.recommender.evaluation.splits import day_name
from system.recommender.fitting import fit
from system.recommender.hyper_parameters import HyperParameters
from system.recommender.record import read_record
from system.recommender.rollout import registered
from system.recommender.trial_scorer import open_fitted
from system.recommender.tuning import relearn, tune
from system.storage import model_registry
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from system.recommender.evaluation.report import Fit
    from system.recommender.evaluation.splits import Split
    from system.recommender.record import Record
    from system.storage.model_registry import Model

TUNING_SEED: Final = 0
NO_VERSION: Final = "none"
"""Stands in the report where no model is registered and the way of training itself is judged."""


def run_evaluation(
    engine: Engine,
    *,
    version: str | None,
    test_days: int,
    replay_weeks: int,
    seed: int,
    on_step: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> dict[str, Any]:
    """The report of a version, of the active one when None, or of training as such when there is none.

    Raises InputError for an unknown version, without orders, and when there are too few to set a window apart. No
    transaction is open while numbers are crunched.
    """
    with transaction(engine) as connection:
        model = _model(connection, version=version)
    record = read_record(engine, on_orders=lambda read, of: on_step("Reading orders", read, of))
    choosing = _Choosing(record, model, on_step=on_step)
    report = evaluate(
        record.purchases,
        prepare=choosing.prepare,
        test_days=test_days,
        replay_weeks=replay_weeks,
        seed=seed,
        on_step=on_step,
    )
    return report | {"model": choosing.describe(model)}


def _model(connection: Connection, *, version: str | None) -> Model | None:
    named = version or model_registry.active_version(connection)
    return registered(connection, version=named) if named else None


class _Choosing:
    """Gives each part of the evaluation hyper-parameters that rest on days before it alone."""

    def __init__(self, record: Record, model: Model | None, *, on_step: Callable[[str, int, int], None]) -> None:
        self._record = record
        self._kept = None if model is None else HyperParameters.from_card(model.card["hyper_parameters"])
        self._kept_from = None if model is None else _chosen_before(model)
        self._on_step = on_step
        self._notes: list[str] = []
        self._used: list[HyperParameters] = []

    def prepare(self, day: int) -> Fit:
        """The version's own choices where they were made before `day`, else what would have been chosen then."""
        parameters = self._choose(day)
        self._used.append(parameters)

        def fit_model(split: Split) -> ModelRanker:
            fitted = fit(split.past, day=split.first_day, parameters=parameters, described=self._record.described)
            return ModelRanker(open_fitted(fitted, parameters=parameters), split)

        return fit_model

    def describe(self, model: Model | None) -> dict[str, Any]:
        """For JSON: what was judged, and how its hyper-parameters came about."""
        version = NO_VERSION if model is None else model.version
        return {"version": version, "parameters": self._used[0].as_card(), "chosen": " ".join(self._notes)}

    def _choose(self, day: int) -> HyperParameters:
        purchases, described = self._record.purchases, self._record.described
        if self._kept is not None and self._kept_from is not None and self._kept_from <= day:
            self._notes.append(f"From {day_name(day)} on: the version's own, with what was in demand before that day.")
            return relearn(purchases, day=day, chosen=self._kept, described=described, seed=TUNING_SEED)
        self._notes.append(f"From {day_name(day)} on: chosen anew on the weeks before that day.")
        return tune(
            purchases,
            day=day,
            described=described,
            seed=TUNING_SEED,
            on_trial=lambda done, of: self._on_step("Choosing hyper-parameters", done, of),
        )


def _chosen_before(model: Model) -> int | None:
    """The day since 1970 from which on a version's hyper-parameters know nothing; None when its card doesn't say."""
    metrics = model.card.get("metrics")
    if metrics is None:
        return None
    return (date.fromisoformat(metrics["window"]["first_day"]) - date(1970, 1, 1)).days
