"""Gives each pending job of a batch its products.

pending ──history──▶ scorer (ONNX) ──▶ ready with 5 products │ skipped with the reason
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from system.storage import dispatching
from system.storage.database import transaction
from system.storage.dispatching import Recommended
from system.storage.histories import products_bought

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from system.pipeline.panel import Panel
    from system.storage.leftovers import Batch


def recommend_batch(
    engine: Engine, *, batch: Batch, scorer: Panel, in_stock: frozenset[int], popular: Sequence[int]
) -> tuple[int, dict[str, int]]:
    """How many jobs moved on, and how often products came from where; idempotent: only pending jobs are touched."""
    with transaction(engine) as connection:
        jobs = dispatching.pending_jobs(
            connection, campaign_id=batch.campaign_id, first_id=batch.first_id, last_id=batch.last_id
        )
        histories = products_bought(connection, user_ids=[user_id for _, user_id in jobs])
    if not jobs:
        return 0, {}
    found = scorer.recommend(histories, in_stock=in_stock, popular=popular)
    results = [
        Recommended(
            job_id=job_id,
            product_ids=found[user_id].product_ids,
            because_ids=found[user_id].because_ids,
            reason=None if found[user_id].product_ids else "nothing to recommend",
            model_version=scorer.version_for(user_id),
        )
        for job_id, user_id in jobs
    ]
    with transaction(engine) as connection:
        moved = dispatching.store_recommendations(
            connection, campaign_id=batch.campaign_id, model_version=scorer.version, results=results
        )
    return moved, dict(Counter(str(recommendation.reason) for recommendation in found.values()))
