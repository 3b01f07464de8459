"""An evaluation of a registered version: its hyper-parameters, the orders in the database, and its graph."""

from __future__ import annotations

from dataclasses import dataclass
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
    from collections.abc import Callable, Iterator

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


@dataclass(frozen=True, slots=True)
class _Choice:
    """Hyper-parameters that nothing from day `before` on had a part in."""

    parameters: HyperParameters
    before: int
    name: str


class _Choosing:
    """Gives each part of the evaluation hyper-parameters that rest on days before it alone."""

    def __init__(self, record: Record, model: Model | None, *, on_step: Callable[[str, int, int], None]) -> None:
        self._record = record
        self._on_step = on_step
        self._choices: list[_Choice] = [] if model is None else list(_own_choice(model))
        self._notes: dict[int, str] = {}
        self._used: dict[int, HyperParameters] = {}

    def prepare(self, day: int) -> Fit:
        """The version's own choices where they were made before `day`, else what would have been chosen then."""
        parameters = self._used[day] = self._choose(day)

        def fit_model(split: Split) -> ModelRanker:
            fitted = fit(split.past, day=split.first_day, parameters=parameters, described=self._record.described)
            return ModelRanker(open_fitted(fitted, parameters=parameters), split)

        return fit_model

    def describe(self, model: Model | None) -> dict[str, Any]:
        """For JSON: what was judged in the window, and how hyper-parameters came about."""
        version = NO_VERSION if model is None else model.version
        notes = " ".join(f"From {day_name(day)} on: {note}." for day, note in sorted(self._notes.items()))
        return {"version": version, "parameters": self._used[max(self._used)].as_card(), "chosen": notes}

    def _choose(self, day: int) -> HyperParameters:
        """The first choice that was made before `day`, with what was in demand then; else a new one."""
        made = next((choice for choice in self._choices if choice.before <= day), None)
        if made is None:
            self._choices.append(_Choice(self._tune(day), day, f"as chosen before {day_name(day)}"))
            self._notes[day] = "chosen anew on the weeks before that day"
            return self._choices[-1].parameters
        self._notes[day] = f"{made.name}, with what was in demand before that day"
        purchases, described = self._record.purchases, self._record.described
        return relearn(purchases, day=day, chosen=made.parameters, described=described, seed=TUNING_SEED)

    def _tune(self, day: int) -> HyperParameters:
        return tune(
            self._record.purchases,
            day=day,
            described=self._record.described,
            seed=TUNING_SEED,
            on_trial=lambda done, of: self._on_step("Choosing hyper-parameters", done, of),
        )


def _own_choice(model: Model) -> Iterator[_Choice]:
    """What a version's card says; nothing where it doesn't say on which days that was chosen."""
    metrics = model.card.get("metrics")
    if metrics is not None:
        before = (date.fromisoformat(metrics["window"]["first_day"]) - date(1970, 1, 1)).days
        yield _Choice(HyperParameters.from_card(model.card["hyper_parameters"]), before, "the version's own")
