"""Training: from all orders in the database to a model file, its card and the products' embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from system.errors import InputError
from system.recommender.cold import find_relatives
from system.recommender.embeddings import embed_products
from system.recommender.evaluation.card import card_metrics
from system.recommender.evaluation.model_ranker import ModelRanker
from system.recommender.evaluation.splits import split_last
from system.recommender.fitting import fit
from system.recommender.graph import build_graph
from system.recommender.hyper_parameters import HyperParameters
from system.recommender.model_file import write_model
from system.recommender.record import Record, read_record
from system.recommender.trial_scorer import catalogue_of, open_fitted
from system.recommender.tuning import relearn, tune
from system.storage import catalogue
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from sqlalchemy import Engine

DIMS = 64
TEST_DAYS = 28


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training made; `metrics` is None where too little was bought in the newest weeks to judge by."""

    path: Path
    version: str
    users: int
    products: int
    orders: int
    first_day: int
    last_day: int
    parameters: HyperParameters
    metrics: dict[str, Any] | None


def train(
    engine: Engine,
    *,
    path: Path,
    trained_on: date,
    dims: int = DIMS,
    seed: int = 0,
    on_step: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> TrainedModel:
    """Train on every order and write the file; the same orders, date and seed give the same version.

    Chosen and judged by the newest weeks, then fitted once more on everything. `on_step` hears what is being done,
    how much of it and of how much. No transaction is open while numbers are crunched. Raises InputError when there
    is nothing to learn from.
    """
    record = read_record(engine, on_orders=lambda read, of: on_step("Reading orders", read, of))
    chosen, metrics = _choose_and_judge(record, seed=seed, on_step=on_step)
    day = record.purchases.end_day
    on_step("Learning from all orders", 0, 1)
    parameters = relearn(record.purchases, day=day, chosen=chosen, described=record.described, seed=seed)
    fitted = fit(record.purchases, day=day, parameters=parameters, described=record.described)
    known = catalogue_of(fitted, parameters=parameters)
    version = write_model(path, build_graph(fitted.neighbours), catalogue=known, trained_on=trained_on)
    _save_embeddings(engine, record, dims=dims, seed=seed)
    on_step("Learning from all orders", 1, 1)
    return _summarise(record, path=path, version=version, parameters=parameters, metrics=metrics)


def _choose_and_judge(
    record: Record, *, seed: int, on_step: Callable[[str, int, int], None]
) -> tuple[HyperParameters, dict[str, Any] | None]:
    """Hyper-parameters by the weeks before the newest, and how a model with them does in the newest."""
    try:
        split = split_last(record.purchases, days=TEST_DAYS)
    except InputError:
        return HyperParameters(), None
    chosen = tune(
        record.purchases,
        day=split.first_day,
        described=record.described,
        seed=seed,
        on_trial=lambda done, of: on_step("Choosing hyper-parameters", done, of),
    )
    on_step("Comparing with baselines", 0, 1)
    fitted = fit(split.past, day=split.first_day, parameters=chosen, described=record.described)
    metrics = card_metrics(split, ModelRanker(open_fitted(fitted, parameters=chosen), split), seed=seed)
    on_step("Comparing with baselines", 1, 1)
    return chosen, metrics


def _save_embeddings(engine: Engine, record: Record, *, dims: int, seed: int) -> None:
    """A product that nobody bought yet is placed among those with names like its own."""
    embeddings = embed_products(record.purchases.matrix(), dims=dims, seed=seed)
    warm = record.purchases.buyers() > 0
    if not warm.all():
        embeddings = np.asarray(find_relatives(record.described, warm=warm) @ embeddings)
    rows = zip(record.purchases.product_ids.tolist(), embeddings.tolist(), strict=True)
    with transaction(engine) as connection:
        catalogue.save_embeddings(connection, embeddings=dict(rows))


def _summarise(
    record: Record, *, path: Path, version: str, parameters: HyperParameters, metrics: dict[str, Any] | None
) -> TrainedModel:
    purchases = record.purchases
    return TrainedModel(
        path=path,
        version=version,
        users=len(purchases.user_ids),
        products=len(purchases.product_ids),
        orders=len(purchases),
        first_day=purchases.first_day,
        last_day=purchases.end_day - 1,
        parameters=parameters,
        metrics=metrics,
    )
