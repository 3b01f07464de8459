"""The `ml` queue: recommendations for a batch of jobs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from system.errors import ModelError
from system.metrics import BATCH_S
from system.pipeline.recommend import recommend_batch
from system.settings import load_settings
from system.storage.catalogue import products_in_stock
from system.storage.database import process_engine, transaction
from system.storage.leftovers import Batch
from system.tasks.app import app

if TYPE_CHECKING:
    from pathlib import Path

    from system.recommender.scorer import Scorer

log = structlog.get_logger(__name__)

STOCK_AGE_S = 5.0


@app.task(name="ml.compute_recommendations")
def compute_recommendations(campaign_id: int, first_id: int, last_id: int) -> None:
    """Give the pending jobs of a range their products."""
    batch = Batch(campaign_id=campaign_id, first_id=first_id, last_id=last_id)
    shelf = _shelf()
    with BATCH_S.labels("recommend").time():
        moved, sources = recommend_batch(
            process_engine(), batch=batch, scorer=shelf.scorer, in_stock=shelf.in_stock, popular=shelf.scorer.popular
        )
    log.info("batch.recommended", campaign_id=campaign_id, first_id=first_id, jobs=moved, **sources)


@dataclass(frozen=True)
class _Shelf:
    """The model and the stock as this process last saw them."""

    scorer: Scorer
    model_stamp: tuple[int, int]
    in_stock: frozenset[int]
    seen_at: float


_current: _Shelf | None = None


def _shelf() -> _Shelf:
    """Look at the stock anew every few seconds, and load a model file that has been replaced."""
    global _current  # noqa: PLW0603  # one model per process, kept between tasks
    now = time.monotonic()
    if _current is None or now - _current.seen_at > STOCK_AGE_S:
        stamp = _stamp(load_settings().model_path)
        scorer = _current.scorer if _current and _current.model_stamp == stamp else _load(_current)
        with transaction(process_engine()) as connection:
            _current = _Shelf(scorer, stamp, products_in_stock(connection), now)
    return _current


def _load(current: _Shelf | None) -> Scorer:
    """The model file; a broken one does not take the place of one that works."""
    from system.recommender.scorer import Scorer  # noqa: PLC0415  # ONNX Runtime is 30 MB that other workers do without

    try:
        return Scorer.load(load_settings().model_path)
    except ModelError as exc:
        if current is None:
            raise
        log.error("model.kept", model_version=current.scorer.version, error=str(exc))  # noqa: TRY400  # not a bug
        return current.scorer


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
