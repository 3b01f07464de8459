"""What another model would have recommended: compared with what is mailed, kept as numbers, and never mailed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import structlog

from system.metrics import SHADOW_BATCHES
from system.storage import shadows
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

    from system.pipeline.panel import Answered
    from system.recommender.model_cache import ModelCache
    from system.recommender.recommendation import Recommendation
    from system.storage.leftovers import Batch

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One batch of the shadow beside the mails."""

    users: int
    mean_overlap: float
    same_first: int
    products: int
    mailed_products: int


def compare(mailed: Mapping[int, Recommendation], shadow: Mapping[int, Recommendation]) -> Comparison | None:
    """None when nobody is mailed anything; people without products in the mail are left out."""
    pairs = [(mail.product_ids, shadow[user].product_ids) for user, mail in mailed.items() if mail.product_ids]
    if not pairs:
        return None
    return Comparison(
        users=len(pairs),
        mean_overlap=sum(len(set(ours) & set(theirs)) / len(ours) for ours, theirs in pairs) / len(pairs),
        same_first=sum(ours[:1] == theirs[:1] for ours, theirs in pairs),
        products=len({product for _, theirs in pairs for product in theirs}),
        mailed_products=len({product for ours, _ in pairs for product in ours}),
    )


def observe(engine: Engine, *, batch: Batch, version: str, models: ModelCache, answered: Answered) -> None:
    """Score the batch with the shadow as well and keep the comparison; idempotent, and nothing of it is raised.

    Runs after the batch's products are committed: whatever becomes of the shadow, the mails are on their way.
    """
    try:
        found = models.get(version).recommend(answered.histories, **answered.how)
        comparison = compare(answered.found, found)
        if comparison is not None:
            with transaction(engine) as connection:
                shadows.keep(connection, batch=batch, version=version, **asdict(comparison))
    except Exception:
        log.exception("shadow.failed", model_version=version, campaign_id=batch.campaign_id, first_id=batch.first_id)
        SHADOW_BATCHES.labels(version, "failed").inc()
    else:
        SHADOW_BATCHES.labels(version, "compared").inc()
