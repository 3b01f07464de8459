"""Statements that make up for what a restored database has forgotten: who waits, who is held, who has had the mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from system.states import IN_WORK, Happening, sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A job that has not ended, and the address that its mail would go to."""

    job_id: int
    user_id: int
    address: str


def waiting_jobs(connection: Connection, *, campaign_id: int) -> list[Waiting]:
    """Jobs in work; the address is in small letters, and empty where the user has none."""
    statement = text("""
        SELECT j.id AS job_id, j.user_id, coalesce(lower(u.email), '') AS address
        FROM email_jobs j LEFT JOIN users u ON u.id = j.user_id
        WHERE j.campaign_id = :campaign_id AND j.status = ANY(:in_work) ORDER BY j.id
    """)
    rows = connection.execute(statement, {"campaign_id": campaign_id, "in_work": sorted(IN_WORK)}).mappings()
    return [Waiting(**row) for row in rows]


def hold_jobs(connection: Connection, *, campaign_id: int, job_ids: Sequence[int] | None, reason: str) -> int:
    """Make jobs unknown that may have been sent after the backup was taken; all of the campaign's when None."""
    statement = text("""
        WITH picked AS (
            SELECT id, status FROM email_jobs
            WHERE campaign_id = :campaign_id AND status = ANY(:sources) AND (:everyone OR id = ANY(:job_ids))
            ORDER BY id FOR UPDATE
        ), moved AS (
            UPDATE email_jobs j SET status = 'unknown', reason = :reason, claim_token = NULL, lease_until = NULL,
                                    updated_at = clock_timestamp()
            FROM picked WHERE j.campaign_id = :campaign_id AND j.id = picked.id
            RETURNING j.id, picked.status AS was
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, reason)
            SELECT :campaign_id, id, :restored, was, 'unknown', :reason FROM moved
        )
        SELECT count(*) FROM moved
    """)
    values = {
        "campaign_id": campaign_id,
        "sources": sources(Happening.RESTORED),
        "everyone": job_ids is None,
        "job_ids": list(job_ids or []),
        "reason": reason,
        "restored": Happening.RESTORED,
    }
    held: int = connection.execute(statement, values).scalar_one()
    return held


def accept_jobs(connection: Connection, *, campaign_id: int, message_ids: Mapping[int, str]) -> int:
    """Believe the provider's record that it accepted these jobs' mails: job id to message id."""
    statement = text("""
        WITH given AS (
            SELECT * FROM unnest(CAST(:job_ids AS bigint[]), CAST(:message_ids AS text[])) AS t (job_id, message_id)
        ), picked AS (
            SELECT j.id, j.status, given.message_id FROM email_jobs j JOIN given ON given.job_id = j.id
            WHERE j.campaign_id = :campaign_id AND j.status IN ('sending', 'unknown') ORDER BY j.id FOR UPDATE OF j
        ), moved AS (
            UPDATE email_jobs j SET status = 'accepted', reason = NULL, claim_token = NULL, lease_until = NULL,
                                    sendgrid_msg_id = picked.message_id, accepted_at = clock_timestamp(),
                                    updated_at = clock_timestamp()
            FROM picked WHERE j.campaign_id = :campaign_id AND j.id = picked.id
            RETURNING j.id, picked.status AS was
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, reason)
            SELECT :campaign_id, id, :accepted, was, 'accepted', 'in the provider''s own record' FROM moved
        )
        SELECT count(*) FROM moved
    """)
    values = {
        "campaign_id": campaign_id,
        "job_ids": list(message_ids),
        "message_ids": list(message_ids.values()),
        "accepted": Happening.EVIDENCE_ACCEPTED,
    }
    accepted: int = connection.execute(statement, values).scalar_one()
    return accepted
