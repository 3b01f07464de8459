"""Statements that turn an audience into jobs and jobs into recommended jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from system.states import Happening, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one page of dispatch wrote; `last_user_id` is None when the audience is exhausted."""

    last_user_id: int | None
    jobs: int
    first_job_id: int
    last_job_id: int


# One @, something before it, a dot after it, and nothing that a header would give a meaning:
# what the provider would refuse, or take for another address, is found here.
_PLAIN = r"@\s,;:<>()\[\]\\\"[:cntrl:]"
USABLE_ADDRESS = rf"^[^{_PLAIN}]+@[^{_PLAIN}]+\.[^{_PLAIN}.]+$"


def add_jobs(
    connection: Connection, *, campaign_id: int, audience: str, after_user: int, last_user: int, limit: int
) -> Page:
    """Write the jobs of the next users by id; users who can't be mailed are skipped with their reason.

    Keyset pagination over the primary key: the cost of a page does not grow with its position.
    Repeating a page writes nothing twice (unique campaign and user).
    """
    statement = text("""
        WITH page AS (
            SELECT id, active, suppressed_reason, email FROM users
            WHERE id > :after_user AND id <= :last_user AND (:audience = 'all' OR locale = :audience)
            ORDER BY id LIMIT :limit
        ), judged AS (
            SELECT id, CASE
                WHEN NOT active THEN 'inactive'
                WHEN suppressed_reason IS NOT NULL THEN 'suppressed: ' || suppressed_reason
                WHEN email IS NULL OR email = '' THEN 'no address'
                WHEN length(email) > 320 OR email !~ :usable THEN 'invalid address'
            END AS reason FROM page
        ), written AS (
            INSERT INTO email_jobs (campaign_id, user_id, week_key, status, reason)
            SELECT :campaign_id, judged.id, (SELECT week_key FROM campaigns WHERE id = :campaign_id),
                   CASE WHEN reason IS NULL THEN 'pending' ELSE 'skipped' END, reason
            FROM judged ORDER BY judged.id
            ON CONFLICT (campaign_id, user_id) DO NOTHING
            RETURNING id
        )
        SELECT (SELECT max(id) FROM page), count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM written
    """)
    row = connection.execute(
        statement,
        {
            "campaign_id": campaign_id,
            "audience": audience,
            "after_user": after_user,
            "last_user": last_user,
            "limit": limit,
            "usable": USABLE_ADDRESS,
        },
    ).one()
    return Page(last_user_id=row[0], jobs=row[1], first_job_id=row[2], last_job_id=row[3])


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """The outcome of recommending for one job; without products the job is skipped with the reason."""

    job_id: int
    product_ids: Sequence[int]
    because_ids: Sequence[int]
    reason: str | None
    model_version: str | None = None
    """Of the model that answered for this job, where it is not the whole batch's."""


def pending_jobs(connection: Connection, *, campaign_id: int, first_id: int, last_id: int) -> list[tuple[int, int]]:
    """(job id, user id) of the jobs in a range that still wait for recommendations."""
    statement = text("""
        SELECT id, user_id FROM email_jobs
        WHERE campaign_id = :campaign_id AND id BETWEEN :first_id AND :last_id AND status = 'pending'
        ORDER BY id
    """)
    values = {"campaign_id": campaign_id, "first_id": first_id, "last_id": last_id}
    return [(row[0], row[1]) for row in connection.execute(statement, values)]


def store_recommendations(
    connection: Connection, *, campaign_id: int, model_version: str, results: Sequence[Recommended]
) -> int:
    """Move pending jobs to ready with their products, or to skipped; returns how many moved.

    Compare-and-set: when two workers computed the same batch, the second changes nothing.
    Arrays of arrays must be rectangular in PostgreSQL, so products travel as `{1,2,3}` literals.
    The jobs are looked up by id alone and their state is compared afterwards: statistics of a table whose states
    change by the second are wrong, and a plan that goes by state has been seen to take 30 s instead of 0.1 s.
    """
    statement = text("""
        WITH results AS (
            SELECT * FROM unnest(CAST(:job_ids AS bigint[]), CAST(:products AS text[]), CAST(:because AS text[]),
                                 CAST(:reasons AS text[]), CAST(:versions AS text[]))
                 AS t (job_id, products, because, reason, version)
        ), found AS MATERIALIZED (
            SELECT id, status FROM email_jobs
            WHERE campaign_id = :campaign_id AND id = ANY(CAST(:job_ids AS bigint[])) ORDER BY id FOR UPDATE
        ), moved AS (
            UPDATE email_jobs j SET
                status = CASE WHEN r.products = '{}' THEN 'skipped' ELSE 'ready' END,
                reason = CASE WHEN r.products = '{}' THEN coalesce(r.reason, 'nothing to recommend') END,
                product_ids = CAST(r.products AS bigint[]), because_ids = CAST(r.because AS bigint[]),
                model_version = r.version, updated_at = clock_timestamp()
            FROM found JOIN results r ON r.job_id = found.id
            WHERE j.campaign_id = :campaign_id AND j.id = found.id AND found.status = 'pending'
            RETURNING j.id, j.status, j.reason
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, reason)
            SELECT :campaign_id, id, CASE status WHEN 'ready' THEN :recommended ELSE :excluded END,
                   'pending', status, reason
            FROM moved
        )
        SELECT count(*) FROM moved
    """)
    moved: int = connection.execute(
        statement,
        {
            "campaign_id": campaign_id,
            "versions": [r.model_version or model_version for r in results],
            "job_ids": [r.job_id for r in results],
            "products": [_array(r.product_ids) for r in results],
            "because": [_array(r.because_ids) for r in results],
            "reasons": [r.reason for r in results],
            "recommended": Happening.RECOMMENDED,
            "excluded": Happening.EXCLUDED,
        },
    ).scalar_one()
    return moved


def exclude_cancelled(connection: Connection, *, campaign_id: int, limit: int) -> int:
    """Skip what a cancelled campaign has not claimed yet, a slice at a time; returns how many."""
    statement = text("""
        WITH picked AS (
            SELECT id, status FROM email_jobs
            WHERE campaign_id = :campaign_id AND status IN (:pending, :ready)
            ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
        ), moved AS (
            UPDATE email_jobs j SET status = :skipped, reason = 'campaign cancelled', updated_at = clock_timestamp()
            FROM picked p WHERE j.campaign_id = :campaign_id AND j.id = p.id
            RETURNING j.id, p.status AS from_status
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, reason)
            SELECT :campaign_id, id, :excluded, from_status, :skipped, 'campaign cancelled' FROM moved
        )
        SELECT count(*) FROM moved
    """)
    values = {
        "campaign_id": campaign_id,
        "limit": limit,
        "pending": JobState.PENDING,
        "ready": JobState.READY,
        "skipped": JobState.SKIPPED,
        "excluded": Happening.EXCLUDED,
    }
    skipped: int = connection.execute(statement, values).scalar_one()
    return skipped


def _array(numbers: Sequence[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
