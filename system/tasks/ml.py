"""The `ml` queue: recommendations for a batch of jobs."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from celery import signals
from celery.utils.text import str_to_list

from system.metrics import BATCH_S, MODEL_JOBS
from system.pipeline.panel import panel_for
from system.pipeline.recommend import recommend_batch
from system.pipeline.shadow import observe
from system.pipeline.shelf import Shelves
from system.preflight.device import exit_without_device
from system.recommender.model_cache import ModelCache
from system.settings import load_settings
from system.storage import model_pins
from system.storage.database import process_engine, transaction
from system.storage.leftovers import Batch
from system.tasks.app import app
from system.tasks.queues import QueueName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from system.pipeline.panel import Panel
    from system.storage.model_pins import Pins

log = structlog.get_logger(__name__)


@signals.celeryd_init.connect
def _examine_device(options: Mapping[str, Any], **_: Any) -> None:
    """A worker of this queue that may run on a GPU only does not start without."""
    queues = str_to_list(options.get("queues") or "") or list(QueueName)
    if QueueName.ML in queues:
        exit_without_device(load_settings())


@app.task(name="ml.compute_recommendations")
def compute_recommendations(campaign_id: int, first_id: int, last_id: int) -> None:
    """Give the pending jobs of a range their products."""
    batch = Batch(campaign_id=campaign_id, first_id=first_id, last_id=last_id)
    with transaction(process_engine()) as connection:
        pins = model_pins.pins_of(connection, campaign_id=campaign_id)
    if pins is None:
        log.warning("campaign.gone", campaign_id=campaign_id)
        return
    panel = _panel(campaign_id, pins)
    with BATCH_S.labels("recommend").time():
        moved, sources = recommend_batch(process_engine(), batch=batch, scorer=panel, shelves=_shelves())
    log.info("batch.recommended", campaign_id=campaign_id, first_id=first_id, jobs=moved, **sources)
    if moved:
        _tell(batch, panel, pins)


def _panel(campaign_id: int, pins: Pins) -> Panel:
    patience_s = load_settings().model_patience_s
    return panel_for(process_engine(), campaign_id=campaign_id, pins=pins, models=_models(), patience_s=patience_s)


def _tell(batch: Batch, panel: Panel, pins: Pins) -> None:
    """Who answered, and what the shadow says to it."""
    assert panel.answered is not None
    for version, jobs in Counter(map(panel.version_for, panel.answered.found)).items():
        MODEL_JOBS.labels(version).inc(jobs)
    if pins.shadow_version is not None:
        observe(process_engine(), batch=batch, version=pins.shadow_version, models=_models(), answered=panel.answered)


@cache
def _models() -> ModelCache:
    """One per process, kept between tasks."""
    settings = load_settings()
    return ModelCache(settings.model_folder, device=settings.model_device)


@cache
def _shelves() -> Shelves:
    """The same; looked at anew every few seconds."""
    return Shelves()
