"""Gives each pending job of a batch its products.

pending ──past, shelf──▶ scorer (ONNX) ──▶ ready with 5 products │ skipped with the reason
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from system.metrics import RECOMMENDATIONS
from system.pipeline.choice import choose
from system.storage import dispatching
from system.storage.database import transaction
from system.storage.dispatching import Recommended
from system.storage.histories import pasts
from system.storage.shelves import campaigns_since, edition_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from system.pipeline.panel import Panel
    from system.pipeline.shelf import NewsletterShelf, Shelves
    from system.recommender.recommendation import Recommendation
    from system.storage.histories import Past
    from system.storage.leftovers import Batch


def recommend_batch(engine: Engine, *, batch: Batch, scorer: Panel, shelves: Shelves) -> tuple[int, dict[str, int]]:
    """How many jobs moved on, and how often products came from where; idempotent: only pending jobs are touched."""
    with transaction(engine) as connection:
        jobs = dispatching.pending_jobs(
            connection, campaign_id=batch.campaign_id, first_id=batch.first_id, last_id=batch.last_id
        )
        if not jobs:
            return 0, {}
        shelf, found_pasts = _look_up(connection, batch.campaign_id, [user_id for _, user_id in jobs], shelves)
    found = choose(scorer, found_pasts, on=shelf)
    with transaction(engine) as connection:
        moved = dispatching.store_recommendations(
            connection,
            campaign_id=batch.campaign_id,
            model_version=scorer.version,
            results=[_result(job_id, user_id, found, scorer) for job_id, user_id in jobs],
        )
    sources = Counter(str(recommendation.reason) for recommendation in found.values())
    for source, people in sources.items():
        RECOMMENDATIONS.labels(source).inc(people)
    return moved, dict(sources)


def _look_up(
    connection: Connection, campaign_id: int, user_ids: Sequence[int], shelves: Shelves
) -> tuple[NewsletterShelf, dict[int, Past]]:
    edition = edition_of(connection, campaign_id=campaign_id)
    shelf = shelves.of(connection, newsletter_id=edition.newsletter_id)
    shown_in = campaigns_since(
        connection, week_key=edition.week_key, weeks=shelf.rules.cool_down_weeks, besides=campaign_id
    )
    return shelf, pasts(connection, user_ids=user_ids, campaign_ids=shown_in)


def _result(job_id: int, user_id: int, found: Mapping[int, Recommendation], scorer: Panel) -> Recommended:
    recommendation = found[user_id]
    return Recommended(
        job_id=job_id,
        product_ids=recommendation.product_ids,
        because_ids=recommendation.because_ids,
        reason=None if recommendation.product_ids else "nothing to recommend",
        model_version=scorer.version_for(user_id),
    )
