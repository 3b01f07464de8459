"""Statements about what became of attempts: the provider's answers, lapsed leases, deadlines."""

from __future__ import annotations

import uuid  # noqa: TC003  # dataclass fields are read at run time by tests that build rows
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from system.states import Happening, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one attempt has come to, as seen by the worker that made it."""

    job_id: int
    attempt_id: uuid.UUID
    outcome: str
    """`accepted`, `refused`, `rejected`, `ambiguous` or `released`, as in `send_attempts.outcome`."""
    happening: Happening
    target: JobState
    reason: str | None = None
    message_id: str | None = None
    retry_after_s: float = 0.0


def record_answers(connection: Connection, *, campaign_id: int, token: uuid.UUID, answers: Sequence[Answer]) -> int:
    """Write a group's answers in one statement; returns how many jobs moved.

    A job moves only from `sending` under the same token and attempt. One that evidence has moved
    already keeps its state, and the attempt still learns its message id.
    """
    statement = text("""
        WITH given AS (
            SELECT * FROM unnest(
                CAST(:job_ids AS bigint[]), CAST(:attempt_ids AS uuid[]), CAST(:outcomes AS text[]),
                CAST(:happenings AS text[]), CAST(:targets AS text[]), CAST(:reasons AS text[]),
                CAST(:message_ids AS text[]), CAST(:retry_after_s AS double precision[])
            ) AS t (job_id, attempt_id, outcome, happening, target, reason, message_id, retry_after_s)
        ), attempts AS (
            UPDATE send_attempts a SET
                outcome = given.outcome, outcome_at = clock_timestamp(), detail = given.reason,
                sendgrid_msg_id = given.message_id
            FROM given
            WHERE a.campaign_id = :campaign_id AND a.id = given.attempt_id AND a.outcome IS NULL
        ), moved AS (
            UPDATE email_jobs j SET
                status = given.target, reason = given.reason, claim_token = NULL, lease_until = NULL,
                updated_at = clock_timestamp(),
                next_attempt_at = clock_timestamp() + make_interval(secs => given.retry_after_s),
                sendgrid_msg_id = coalesce(given.message_id, j.sendgrid_msg_id),
                accepted_at = CASE WHEN given.outcome = 'accepted' THEN clock_timestamp() END
            FROM given
            WHERE j.campaign_id = :campaign_id AND j.id = given.job_id AND j.status = 'sending'
              AND j.claim_token = :token AND j.attempt_id = given.attempt_id
            RETURNING j.id, given.happening, given.target, given.attempt_id, given.reason
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, attempt_id, reason)
            SELECT :campaign_id, id, happening, 'sending', target, attempt_id, reason FROM moved
        )
        SELECT count(*) FROM moved
    """)
    values = {
        "campaign_id": campaign_id,
        "token": token,
        "job_ids": [a.job_id for a in answers],
        "attempt_ids": [a.attempt_id for a in answers],
        "outcomes": [a.outcome for a in answers],
        "happenings": [str(a.happening) for a in answers],
        "targets": [str(a.target) for a in answers],
        "reasons": [a.reason for a in answers],
        "message_ids": [a.message_id for a in answers],
        "retry_after_s": [a.retry_after_s for a in answers],
    }
    moved: int = connection.execute(statement, values).scalar_one()
    return moved


def lapse_claims(connection: Connection, *, campaign_id: int) -> int:
    """Give back what a vanished worker had claimed without writing an intent: no byte has left."""
    statement = text("""
        WITH moved AS (
            UPDATE email_jobs SET
                status = 'ready', claim_token = NULL, lease_until = NULL, updated_at = clock_timestamp()
            WHERE campaign_id = :campaign_id AND status = 'claimed' AND lease_until < clock_timestamp()
            RETURNING id
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, reason)
            SELECT :campaign_id, id, :lapsed, 'claimed', 'ready', 'lease lapsed' FROM moved
        )
        SELECT count(*) FROM moved
    """)
    lapsed: int = connection.execute(
        statement, {"campaign_id": campaign_id, "lapsed": Happening.CLAIM_LAPSED}
    ).scalar_one()
    return lapsed


def lapse_sends(connection: Connection, *, campaign_id: int) -> int:
    """A worker vanished between intent and answer: the outcome is unknown until evidence comes."""
    statement = text("""
        WITH moved AS (
            UPDATE email_jobs SET
                status = 'unknown', reason = 'worker vanished between intent and answer',
                claim_token = NULL, lease_until = NULL, updated_at = clock_timestamp()
            WHERE campaign_id = :campaign_id AND status = 'sending' AND lease_until < clock_timestamp()
            RETURNING id, attempt_id, reason
        ), attempts AS (
            UPDATE send_attempts a SET outcome = 'lapsed', outcome_at = clock_timestamp()
            FROM moved WHERE a.campaign_id = :campaign_id AND a.id = moved.attempt_id AND a.outcome IS NULL
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, attempt_id, reason)
            SELECT :campaign_id, id, :lapsed, 'sending', 'unknown', attempt_id, reason FROM moved
        )
        SELECT count(*) FROM moved
    """)
    lapsed: int = connection.execute(
        statement, {"campaign_id": campaign_id, "lapsed": Happening.SEND_LAPSED}
    ).scalar_one()
    return lapsed


def give_up_unknown(connection: Connection, *, campaign_id: int, deadline_s: float) -> int:
    """What no evidence has settled by the deadline is indeterminate, for good.

    A post that came in time and waits to be applied may hold the evidence, so its jobs wait with it; not for ever,
    since a post that nobody can apply would otherwise keep a campaign open.
    """
    statement = text("""
        WITH moved AS (
            UPDATE email_jobs SET
                status = 'indeterminate', updated_at = clock_timestamp(),
                reason = format('no evidence within %s s (%s)', :deadline_s, reason)
            WHERE campaign_id = :campaign_id AND status = 'unknown'
              AND updated_at < clock_timestamp() - make_interval(secs => :deadline_s)
              AND NOT EXISTS (
                  SELECT FROM webhook_inbox i
                  WHERE i.applied_at IS NULL
                    AND i.received_at > clock_timestamp() - make_interval(secs => 2 * :deadline_s)
                    AND i.received_at <= email_jobs.updated_at + make_interval(secs => :deadline_s))
            RETURNING id, attempt_id, reason
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, attempt_id, reason)
            SELECT :campaign_id, id, :deadline, 'unknown', 'indeterminate', attempt_id, reason FROM moved
        )
        SELECT count(*) FROM moved
    """)
    values = {"campaign_id": campaign_id, "deadline_s": deadline_s, "deadline": Happening.DEADLINE}
    given_up: int = connection.execute(statement, values).scalar_one()
    return given_up
