"""Statements that turn webhook events into evidence about jobs: once each, in any order."""

from __future__ import annotations

import uuid  # noqa: TC003  # dataclass fields are read at run time by tests that build rows
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  # same
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from system.states import EVIDENCE, EVIDENCE_ORDER, TRANSITIONS, EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Post:
    """One stored webhook post that waits to be applied."""

    id: int
    body: bytes
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    """One webhook event that carries an attempt of ours."""

    campaign_id: int
    job_id: int
    attempt_id: uuid.UUID
    kind: EventKind
    sg_event_id: str
    natural_key: str
    happened_at: datetime
    inbox_id: int
    received_at: datetime
    sg_message_id: str | None
    detail: str
    """JSON object with the event's own fields; addresses are left out."""


def take_posts(connection: Connection, *, inbox_ids: Sequence[int]) -> list[Post]:
    """Lock the named posts that nobody has applied yet; another worker's are skipped."""
    statement = text("""
        SELECT id, body, received_at FROM webhook_inbox
        WHERE id = ANY(:inbox_ids) AND applied_at IS NULL
        ORDER BY id FOR UPDATE SKIP LOCKED
    """)
    rows = connection.execute(statement, {"inbox_ids": list(inbox_ids)}).mappings()
    return [Post(**row) for row in rows]


def add_events(connection: Connection, *, events: Sequence[Event]) -> list[tuple[int, int, int]]:
    """Store events of attempts that exist; returns (inbox id, campaign id, job id) of the new ones.

    Both unique keys guard against repetition, also inside one call.
    """
    statement = text("""
        INSERT INTO email_events (campaign_id, sg_event_id, natural_key, job_id, attempt_id, kind, happened_at,
                                  inbox_id, received_at, sg_message_id, detail)
        SELECT e.campaign_id, e.sg_event_id, e.natural_key, e.job_id, e.attempt_id, e.kind, e.happened_at,
               e.inbox_id, e.received_at, e.sg_message_id, CAST(e.detail AS jsonb)
        FROM unnest(
            CAST(:campaign_ids AS bigint[]), CAST(:sg_event_ids AS text[]), CAST(:natural_keys AS text[]),
            CAST(:job_ids AS bigint[]), CAST(:attempt_ids AS uuid[]), CAST(:kinds AS text[]),
            CAST(:happened_ats AS timestamptz[]), CAST(:inbox_ids AS bigint[]), CAST(:received_ats AS timestamptz[]),
            CAST(:sg_message_ids AS text[]), CAST(:details AS text[])
        ) AS e (campaign_id, sg_event_id, natural_key, job_id, attempt_id, kind, happened_at, inbox_id, received_at,
                sg_message_id, detail)
        JOIN LATERAL (
            SELECT FROM send_attempts a
            WHERE a.campaign_id = e.campaign_id AND a.id = e.attempt_id AND a.job_id = e.job_id
              AND a.campaign_id = ANY(:campaigns) LIMIT 1
        ) AS known ON true
        ON CONFLICT DO NOTHING
        RETURNING inbox_id, campaign_id, job_id
    """)
    values = {
        "campaign_ids": [e.campaign_id for e in events],
        "sg_event_ids": [e.sg_event_id for e in events],
        "natural_keys": [e.natural_key for e in events],
        "job_ids": [e.job_id for e in events],
        "attempt_ids": [e.attempt_id for e in events],
        "kinds": [str(e.kind) for e in events],
        "happened_ats": [e.happened_at for e in events],
        "inbox_ids": [e.inbox_id for e in events],
        "received_ats": [e.received_at for e in events],
        "sg_message_ids": [e.sg_message_id for e in events],
        "details": [e.detail for e in events],
        "campaigns": sorted({e.campaign_id for e in events}),
    }
    return [(row[0], row[1], row[2]) for row in connection.execute(statement, values)]


def known_attempts(connection: Connection, *, events: Sequence[Event]) -> set[tuple[int, int, uuid.UUID]]:
    """Which of the events' attempts are ours, as (campaign id, job id, attempt id)."""
    statement = text("""
        SELECT campaign_id, job_id, id FROM send_attempts
        WHERE campaign_id = ANY(:campaigns) AND id = ANY(:attempt_ids)
    """)
    values = {
        "campaigns": sorted({e.campaign_id for e in events}),
        "attempt_ids": list({e.attempt_id for e in events}),
    }
    return {(row[0], row[1], row[2]) for row in connection.execute(statement, values)}


def lock_jobs(connection: Connection, *, campaign_id: int, job_ids: Sequence[int]) -> None:
    """Queue up behind whoever folds the same jobs: the fold that follows then sees their events too."""
    statement = text("""
        SELECT FROM email_jobs WHERE campaign_id = :campaign_id AND id = ANY(:job_ids) ORDER BY id FOR UPDATE
    """)
    connection.execute(statement, {"campaign_id": campaign_id, "job_ids": sorted(job_ids)})


_MEANING = [(str(kind), str(what), EVIDENCE_ORDER.index(what)) for kind, what in EVIDENCE.items()]
_EDGES = [
    (str(source), str(what), str(target)) for (source, what), target in TRANSITIONS.items() if what in EVIDENCE_ORDER
]


# Looked up job by job: asked for all at once, a planner that knows no statistics of a week's new partition reads the
# whole campaign for every batch of posts (measured: 24,653 rows for 345 jobs). OFFSET 0 keeps it from undoing that.
_EVENTS: Final = """
    (SELECT found.* FROM unnest(CAST(:job_ids AS bigint[])) AS asked (job_id) CROSS JOIN LATERAL (
        SELECT * FROM email_events WHERE campaign_id = :campaign_id AND job_id = asked.job_id OFFSET 0
    ) AS found)
"""


def fold_evidence(connection: Connection, *, campaign_id: int, job_ids: Sequence[int]) -> int:
    """Move jobs to what all their stored events prove together; returns how many moved.

    A maximum over the set of events: order and repetition don't matter, and a pair of state and
    evidence that the transition table does not list changes nothing.
    """
    statement = text(f"""
        WITH events AS MATERIALIZED {_EVENTS}, meaning AS (
            SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:proofs AS text[]), CAST(:ranks AS int[]))
                AS t (kind, proof, rank)
        ), edges AS (
            SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:happenings AS text[]), CAST(:targets AS text[]))
                AS t (source, happening, target)
        ), proven AS (
            SELECT DISTINCT ON (e.job_id) e.job_id, m.proof, e.attempt_id, e.detail ->> 'reason' AS reason, e.kind,
                   split_part(e.sg_message_id, '.', 1) AS message_id
            FROM events e JOIN meaning m ON m.kind = e.kind
            ORDER BY e.job_id, m.rank DESC, e.happened_at, e.sg_event_id
        ), times AS (
            SELECT job_id, min(happened_at) AS first_at,
                   min(happened_at) FILTER (WHERE kind = 'delivered') AS delivered_at
            FROM events GROUP BY job_id
        ), due AS (
            SELECT j.id, j.status AS from_status, edges.target, p.*, times.first_at, times.delivered_at
            FROM proven p
            CROSS JOIN LATERAL (
                SELECT id, status FROM email_jobs WHERE campaign_id = :campaign_id AND id = p.job_id OFFSET 0
            ) AS j
            JOIN times ON times.job_id = j.id
            JOIN edges ON edges.source = j.status AND edges.happening = p.proof
        ), moved AS (
            UPDATE email_jobs j SET
                status = due.target, claim_token = NULL, lease_until = NULL, updated_at = clock_timestamp(),
                reason = CASE WHEN due.target IN ('bounced', 'dropped') THEN coalesce(due.reason, due.kind) END,
                sendgrid_msg_id = coalesce(j.sendgrid_msg_id, nullif(due.message_id, '')),
                accepted_at = coalesce(j.accepted_at, due.first_at),
                delivered_at = coalesce(j.delivered_at, due.delivered_at)
            FROM due WHERE j.campaign_id = :campaign_id AND j.id = due.id
            RETURNING j.id, due.from_status, due.target, due.proof, due.attempt_id, j.reason
        ), logged AS (
            INSERT INTO job_transitions (campaign_id, job_id, happening, from_status, to_status, attempt_id, reason)
            SELECT :campaign_id, id, proof, from_status, target, attempt_id, reason FROM moved
        )
        SELECT count(*) FROM moved
    """)  # noqa: S608  # words of our own
    moved: int = connection.execute(
        statement,
        {
            "campaign_id": campaign_id,
            "job_ids": list(job_ids),
            "kinds": [kind for kind, _, _ in _MEANING],
            "proofs": [proof for _, proof, _ in _MEANING],
            "ranks": [rank for _, _, rank in _MEANING],
            "sources": [source for source, _, _ in _EDGES],
            "happenings": [what for _, what, _ in _EDGES],
            "targets": [target for _, _, target in _EDGES],
        },
    ).scalar_one()
    return moved


def note_times(connection: Connection, *, campaign_id: int, job_ids: Sequence[int]) -> None:
    """Remember the first delivery, open and click, whatever state the job is in and in whatever order they come."""
    statement = text(f"""
        UPDATE email_jobs j SET delivered_at = e.delivered_at, opened_at = e.opened_at, clicked_at = e.clicked_at
        FROM (SELECT job_id, min(happened_at) FILTER (WHERE kind = 'delivered') AS delivered_at,
                     min(happened_at) FILTER (WHERE kind = 'open') AS opened_at,
                     min(happened_at) FILTER (WHERE kind = 'click') AS clicked_at
              FROM {_EVENTS} AS events WHERE kind IN ('delivered', 'open', 'click')
              GROUP BY job_id) AS e
        WHERE j.campaign_id = :campaign_id AND j.id = e.job_id
          AND (j.delivered_at, j.opened_at, j.clicked_at)
              IS DISTINCT FROM (e.delivered_at, e.opened_at, e.clicked_at)
    """)  # noqa: S608  # words of our own
    connection.execute(statement, {"campaign_id": campaign_id, "job_ids": list(job_ids)})


def suppress_recipients(connection: Connection, *, campaign_id: int, job_ids: Sequence[int]) -> int:
    """Never mail again whom an event says so: hard bounces, spam reports, unsubscribes, provider's drops."""
    statement = text(f"""
        UPDATE users u SET suppressed_at = clock_timestamp(), suppressed_reason = e.reason
        FROM (SELECT DISTINCT ON (job_id) job_id, CASE kind WHEN 'bounce' THEN 'hard bounce'
                  WHEN 'spamreport' THEN 'spam report' WHEN 'dropped' THEN 'dropped by the provider'
                  ELSE 'unsubscribed' END AS reason
              FROM {_EVENTS} AS events
              WHERE kind IN ('spamreport', 'unsubscribe', 'group_unsubscribe')
                 OR (kind = 'bounce' AND coalesce(detail ->> 'type', 'bounce') = 'bounce')
                 OR (kind = 'dropped' AND detail ->> 'reason' IN
                     ('Bounced Address', 'Unsubscribed Address', 'Spam Reporting Address', 'Invalid'))
              ORDER BY job_id, happened_at) AS e
        JOIN email_jobs j ON j.campaign_id = :campaign_id AND j.id = e.job_id
        WHERE u.id = j.user_id AND u.suppressed_at IS NULL
    """)  # noqa: S608  # words of our own
    return connection.execute(statement, {"campaign_id": campaign_id, "job_ids": list(job_ids)}).rowcount


def close_posts(connection: Connection, *, counts: Sequence[tuple[int, int, int, int]]) -> None:
    """Mark posts as applied: (inbox id, applied, repeated, foreign)."""
    statement = text("""
        UPDATE webhook_inbox i SET applied_at = clock_timestamp(), events_applied = c.applied,
               events_repeated = c.repeated, events_foreign = c.not_ours
        FROM unnest(CAST(:ids AS bigint[]), CAST(:applied AS int[]), CAST(:repeated AS int[]),
                    CAST(:not_ours AS int[])) AS c (id, applied, repeated, not_ours)
        WHERE i.id = c.id
    """)
    ids, applied, repeated, not_ours = (list(column) for column in zip(*counts, strict=True))
    connection.execute(statement, {"ids": ids, "applied": applied, "repeated": repeated, "not_ours": not_ours})
