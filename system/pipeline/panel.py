"""The models that answer for one batch: each person's arm decides, and a model that can't be loaded is replaced."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from system.errors import ModelError
from system.metrics import MODEL_STAND_INS
from system.pipeline.arms import Arms, trial_salt
from system.recommender.popular_only import PopularOnly
from system.recommender.rollout import NO_MODEL
from system.storage import model_pins, model_registry
from system.storage.catalogue import popular_products
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

    from system.recommender.model_cache import ModelCache
    from system.recommender.recommendation import Recommendation
    from system.recommender.scorer import Scorer
    from system.storage.model_pins import Pins

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a panel was asked for and answered; a shadow is asked the same."""

    histories: Mapping[int, Any]
    how: Mapping[str, Any]
    found: Mapping[int, Recommendation]


@dataclass(kw_only=True)
class Panel:
    """One model, or two while a challenger is tried; answers for one batch."""

    arms: Arms
    scorers: Mapping[str, Scorer | PopularOnly]
    answered: Answered | None = None

    @property
    def version(self) -> str:
        """The campaign's model."""
        return self.arms.model

    def version_for(self, user_id: int) -> str:
        """The version that answers for a person."""
        return self.arms.version_for(user_id)

    def recommend(self, histories: Mapping[int, Any], **how: Any) -> dict[int, Recommendation]:
        """As `Scorer.recommend`, each person's by their own arm."""
        groups: dict[str, dict[int, Any]] = defaultdict(dict)
        for user_id, history in histories.items():
            groups[self.version_for(user_id)][user_id] = history
        found: dict[int, Recommendation] = {}
        for version, group in groups.items():
            found |= self.scorers[version].recommend(group, **how)
        if self.answered is None:  # whom the cool-down would leave nothing is asked about once more
            self.answered = Answered(histories=histories, how=how, found=found)
        return found


def panel_for(engine: Engine, *, campaign_id: int, pins: Pins, models: ModelCache, patience_s: float) -> Panel:
    """The campaign's panel; ModelError while it has no model or waits for the one it has."""
    if pins.model_version is None:
        raise ModelError(NO_MODEL)
    model = _model_or_stand_in(engine, campaign_id=campaign_id, pins=pins, models=models, patience_s=patience_s)
    challenger = _challenger(pins, models)
    if challenger is None or pins.challenger_version is None or pins.challenger_version == model.version:
        return Panel(arms=Arms(model=model.version), scorers={model.version: model})
    arms = Arms(
        model=model.version,
        challenger=challenger.version,
        share=pins.challenger_share or 0.0,
        salt=trial_salt(newsletter_id=pins.newsletter_id, challenger=challenger.version),
    )
    return Panel(arms=arms, scorers={model.version: model, challenger.version: challenger})


def _model_or_stand_in(
    engine: Engine, *, campaign_id: int, pins: Pins, models: ModelCache, patience_s: float
) -> Scorer | PopularOnly:
    """The pinned model. One that no file has for longer than `patience_s` is replaced, until a worker can load it.

    The clock stands in the campaign's row, so that all workers look at the same one and a restart does not reset it.
    """
    assert pins.model_version is not None
    try:
        scorer = models.get(pins.model_version)
    except ModelError as exc:
        with transaction(engine) as connection:
            model_pins.note_unusable(connection, campaign_id=campaign_id)
        if (pins.unusable_s or 0.0) < patience_s:
            raise
        return _stand_in(engine, version=pins.model_version, models=models, error=exc)
    if pins.unusable_s is not None:
        with transaction(engine) as connection:
            model_pins.note_usable(connection, campaign_id=campaign_id)
    return scorer


def _stand_in(engine: Engine, *, version: str, models: ModelCache, error: ModelError) -> Scorer | PopularOnly:
    """The version that was active last among those that can be loaded; what is popular when none can."""
    with transaction(engine) as connection:
        log_of_activations = model_registry.activations(connection)
    for other in dict.fromkeys(line.version for line in reversed(log_of_activations) if line.version != version):
        try:
            scorer = models.get(other)
        except ModelError:
            continue
        _announce(other, version=version, error=error)
        return scorer
    _announce(PopularOnly.version, version=version, error=error)
    return PopularOnly(_popular(engine))


def _announce(stand_in: str, *, version: str, error: ModelError) -> None:
    MODEL_STAND_INS.labels(version).inc()
    log.error("model.replaced", model_version=version, stand_in=stand_in, error=str(error))


@lru_cache(maxsize=1)
def _popular(engine: Engine) -> list[int]:
    """Read once a process: it reads every order, and is good enough while there is nothing better."""
    with transaction(engine) as connection:
        return popular_products(connection)


def _challenger(pins: Pins, models: ModelCache) -> Scorer | None:
    """None when there is none, or it can't be loaded: a trial is no reason to let people wait."""
    if pins.challenger_version is None:
        return None
    try:
        return models.get(pins.challenger_version)
    except ModelError as exc:
        log.error("model.challenger_left_out", model_version=pins.challenger_version, error=str(exc))  # noqa: TRY400  # not a bug
        return None
