"""Statements of the sending protocol up to the first byte: claim, give back, intent."""

from __future__ import annotations

import uuid  # noqa: TC003  # dataclass fields are read at run time by tests that build rows
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from system.states import Happening, JobState
from system.storage.epochs import SENDING_IS_OPEN
from system.tracing import spanned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A job that this worker holds, with all that its mail needs."""

    job_id: int
    user_id: int
    email: str
    name: str
    locale: str
    attempt: int
    product_ids: list[int]
    because_ids: list[int]
    model_version: str
    excluded: str | None
    """Why no mail may go out after all: the user was suppressed, deactivated or erased since dispatch."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What is written down about one mail before its first byte leaves."""

    job_id: int
    attempt_id: uuid.UUID
    content_hash: str


@spanned("claim")
def claim_jobs(
    connection: Connection,
    *,
    campaign_id: int,
    first_id: int,
    last_id: int,
    limit: int,
    token: uuid.UUID,
    lease_s: float,
) -> list[Claimed]:
    """Take up to `limit` due jobs of a range under one token; none while it does not run or sending is locked.

    SKIP LOCKED lets any number of workers share a range. Index: ix_email_jobs_ready. LATERAL keeps the planner, who
    doesn't know the limit, from reading all users instead of the few that are asked for.
    """
    statement = text(f"""
        WITH picked AS (
            SELECT id FROM email_jobs
            WHERE campaign_id = :campaign_id AND id BETWEEN :first_id AND :last_id
              AND status = 'ready' AND next_attempt_at <= clock_timestamp()
              AND EXISTS (SELECT FROM campaigns WHERE id = :campaign_id AND state IN ('dispatching', 'running'))
              AND {SENDING_IS_OPEN}
            ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
        ), moved AS (
            UPDATE email_jobs j SET
                status = 'claimed', claim_token = :token, updated_at = clock_timestamp(),
                lease_until = clock_timestamp() + make_interval(secs => :lease_s)
            FROM picked
            WHERE j.campaign_id = :campaign_id AND j.id = picked.id
            RETURNING j.id, j.user_id, j.attempt, j.product_ids, j.because_ids, j.model_version
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status)
            SELECT :campaign_id, id, :claimed, 'ready', 'claimed' FROM moved
        )
        SELECT m.id AS job_id, m.user_id, coalesce(u.email, '') AS email, coalesce(u.name, '') AS name,
               coalesce(u.locale, 'en') AS locale, m.attempt, m.product_ids, m.because_ids, m.model_version,
               CASE WHEN u.id IS NULL THEN 'erased'
                    WHEN u.suppressed_reason IS NOT NULL THEN 'suppressed: ' || u.suppressed_reason
                    WHEN NOT u.active THEN 'inactive'
                    WHEN u.email IS NULL THEN 'no address' END AS excluded
        FROM moved m LEFT JOIN LATERAL (SELECT * FROM users WHERE users.id = m.user_id LIMIT 1) u ON true
        ORDER BY m.id
    """)  # noqa: S608  # words of our own
    values = {
        "campaign_id": campaign_id,
        "first_id": first_id,
        "last_id": last_id,
        "limit": limit,
        "token": token,
        "lease_s": lease_s,
        "claimed": Happening.CLAIMED,
    }
    return [Claimed(**row) for row in connection.execute(statement, values).mappings()]


def settle_claims(
    connection: Connection,
    *,
    campaign_id: int,
    token: uuid.UUID,
    happening: Happening,
    target: JobState,
    jobs: Sequence[tuple[int, str | None]],
) -> int:
    """End claims before any byte has left: (job id, reason) back to ready, or to skipped or failed."""
    statement = text("""
        WITH given AS (
            SELECT * FROM unnest(CAST(:job_ids AS bigint[]), CAST(:reasons AS text[])) AS t (job_id, reason)
        ), moved AS (
            UPDATE email_jobs j SET
                status = :target, reason = given.reason, claim_token = NULL, lease_until = NULL,
                updated_at = clock_timestamp()
            FROM given
            WHERE j.campaign_id = :campaign_id AND j.id = given.job_id
              AND j.status = 'claimed' AND j.claim_token = :token
            RETURNING j.id, j.reason
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, reason)
            SELECT :campaign_id, id, :happening, 'claimed', :target, reason FROM moved
        )
        SELECT count(*) FROM moved
    """)
    values = {
        "campaign_id": campaign_id,
        "token": token,
        "happening": happening,
        "target": target,
        "job_ids": [job_id for job_id, _ in jobs],
        "reasons": [reason for _, reason in jobs],
    }
    settled: int = connection.execute(statement, values).scalar_one()
    return settled


@spanned("intend")
def record_intents(
    connection: Connection,
    *,
    campaign_id: int,
    token: uuid.UUID,
    worker: str,
    lease_s: float,
    intents: Sequence[Intent],
) -> set[int]:
    """Write the group's attempts and move its jobs to sending; only the returned job ids may be sent.

    A job is missing from the answer when its lease ran out or evidence of an earlier attempt arrived.
    Must be committed, durably, before the first byte of any of these mails leaves.
    """
    statement = text("""
        WITH given AS (
            SELECT * FROM unnest(CAST(:job_ids AS bigint[]), CAST(:attempt_ids AS uuid[]), CAST(:hashes AS text[]))
                AS t (job_id, attempt_id, content_hash)
        ), moved AS (
            UPDATE email_jobs j SET
                status = 'sending', attempt = j.attempt + 1, attempt_id = given.attempt_id,
                updated_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => :lease_s)
            FROM given
            WHERE j.campaign_id = :campaign_id AND j.id = given.job_id
              AND j.status = 'claimed' AND j.claim_token = :token
            RETURNING j.id, j.attempt, j.attempt_id, given.content_hash
        ), written AS (
            INSERT INTO send_attempts (campaign_id, id, job_id, attempt, worker, content_hash)
            SELECT :campaign_id, attempt_id, id, attempt, :worker, content_hash FROM moved
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, attempt_id)
            SELECT :campaign_id, id, :intent, 'claimed', 'sending', attempt_id FROM moved
        )
        SELECT id FROM moved
    """)
    values = {
        "campaign_id": campaign_id,
        "token": token,
        "worker": worker,
        "lease_s": lease_s,
        "job_ids": [intent.job_id for intent in intents],
        "attempt_ids": [intent.attempt_id for intent in intents],
        "hashes": [intent.content_hash for intent in intents],
        "intent": Happening.INTENT,
    }
    return set(connection.execute(statement, values).scalars())
