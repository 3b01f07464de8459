"""Last week's campaign, finished and accepted, for the webhook load to send events about.

python -m loadtests.past_campaign --targets FILE      (STEADYPOST_* point to the stack)
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Final

import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from loadtests.webhook.targets import Target, write_targets
from system.errors import InputError, SettingsError
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.storage.newsletters import WEEKLY
from system.storage.partitions import create_partitions
from system.week import parse_week_key, week_key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

JOBS: Final = 20_000
HARNESS_ERROR: Final = 4
_REMEDY: Final = "Generate a population first: steadypost population generate --users 20000"


def write_past_campaign(engine: Engine, *, newsletter: str, week_key: str, jobs: int) -> int:
    """The id of the week's campaign, written unless it is there: all or nothing, so that no sweep sees half of it."""
    with transaction(engine) as connection:
        found = campaigns.newsletter_named(connection, name=newsletter)
        if found is None:
            raise InputError(field="newsletter", value=newsletter, problem="does not exist", remedy=_REMEDY)
        past = campaigns.campaign_of_week(connection, newsletter_id=found.id, week_key=week_key)
        if past is not None:
            return past.id
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        campaign_id = _add_campaign(connection, newsletter_id=found.id, week_key=week_key)
        create_partitions(connection, campaign_id=campaign_id)
        if not _add_jobs(connection, campaign_id=campaign_id, jobs=jobs):
            raise InputError(field="users", value=0, problem="can be mailed", remedy=_REMEDY)
        _add_attempts(connection, campaign_id=campaign_id)
        _complete(connection, campaign_id=campaign_id)
    _analyse(engine, campaign_id)
    return campaign_id


def stream_targets(connection: Connection, *, campaign_id: int) -> Iterator[Target]:
    """Every mail of a campaign that the provider accepted."""
    statement = text("""
        SELECT j.campaign_id, j.week_key, n.name AS newsletter, j.user_id, j.id AS job_id,
               CAST(a.id AS text) AS attempt_id, a.content_hash, a.sendgrid_msg_id AS message_id
        FROM send_attempts a
        JOIN email_jobs j ON j.campaign_id = a.campaign_id AND j.id = a.job_id
        JOIN campaigns c ON c.id = j.campaign_id JOIN newsletters n ON n.id = c.newsletter_id
        WHERE a.campaign_id = :campaign_id AND a.outcome = 'accepted' AND a.sendgrid_msg_id IS NOT NULL
        ORDER BY j.id
    """)
    rows = connection.execute(statement, {"campaign_id": campaign_id}, execution_options={"yield_per": 5_000})
    return (Target(**row) for row in rows.mappings())


def week_before(moment: datetime) -> str:
    """The ISO week before the one of a moment."""
    return week_key_of(moment - timedelta(weeks=1), time_zone="UTC")


def _add_campaign(connection: Connection, *, newsletter_id: int, week_key: str) -> int:
    # Completed from the first moment, and in the same transaction: there is nothing that a sweep could find.
    statement = text("""
        INSERT INTO campaigns (newsletter_id, week_key, state, triggered_by, audience_end, created_at, dispatched_at,
                               completed_at)
        SELECT :newsletter_id, :week_key, 'completed', 'load', coalesce(max(id), 0), now() - interval '7 days',
               now() - interval '7 days', now() - interval '7 days' + interval '20 minutes'
        FROM users
        RETURNING id
    """)
    campaign_id: int = connection.execute(
        statement, {"newsletter_id": newsletter_id, "week_key": week_key}
    ).scalar_one()
    return campaign_id


def _add_jobs(connection: Connection, *, campaign_id: int, jobs: int) -> int:
    # Ids of attempts and messages follow from campaign and user: the same population gives the same ones.
    statement = text("""
        INSERT INTO email_jobs (campaign_id, user_id, week_key, status, product_ids, because_ids, model_version,
                                sendgrid_msg_id, attempt, attempt_id, created_at, updated_at, accepted_at)
        SELECT c.id, u.id, c.week_key, 'accepted', '{1,2,3,4,5}', '{0,0,0,0,0}', 'past',
               left(translate(encode(sha256(convert_to(format('message/%s/%s', c.id, u.id), 'UTF8')), 'base64'),
                              '+/', '-_'), 22),
               1, CAST(md5(format('attempt/%s/%s', c.id, u.id)) AS uuid), c.created_at, c.completed_at, c.completed_at
        FROM campaigns c, users u
        WHERE c.id = :campaign_id AND u.active AND u.suppressed_at IS NULL AND u.email LIKE '%@%'
        ORDER BY u.id LIMIT :jobs
    """)
    return connection.execute(statement, {"campaign_id": campaign_id, "jobs": jobs}).rowcount


def _add_attempts(connection: Connection, *, campaign_id: int) -> None:
    statement = text("""
        INSERT INTO send_attempts (campaign_id, id, job_id, attempt, worker, content_hash, intent_at, outcome,
                                   outcome_at, sendgrid_msg_id)
        SELECT campaign_id, attempt_id, id, attempt, 'load', md5(format('content/%s/%s', campaign_id, user_id)),
               accepted_at - interval '1 second', 'accepted', accepted_at, sendgrid_msg_id
        FROM email_jobs WHERE campaign_id = :campaign_id
    """)
    connection.execute(statement, {"campaign_id": campaign_id})


def _complete(connection: Connection, *, campaign_id: int) -> None:
    statement = text("""
        UPDATE campaigns SET dispatch_cursor = audience_end, jobs_total = tally.jobs,
                             counts = jsonb_build_object('accepted', tally.jobs)
        FROM (SELECT count(*) AS jobs FROM email_jobs WHERE campaign_id = :campaign_id) AS tally
        WHERE id = :campaign_id
    """)
    connection.execute(statement, {"campaign_id": campaign_id})


def _analyse(engine: Engine, campaign_id: int) -> None:
    """Without it the first joins would be planned as if these tables were empty."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("email_jobs", "send_attempts"):
            connection.execute(text(f"VACUUM (ANALYZE) {table}_c{campaign_id:d}"))


def main(
    *,
    targets: Annotated[Path, typer.Option(help="The file to write: one mail a line.")],
    jobs: Annotated[int, typer.Option(min=1, help="At most one a user.")] = JOBS,
    newsletter: Annotated[str, typer.Option()] = WEEKLY,
    week: Annotated[str | None, typer.Option(help="ISO week such as 2026-W46; last week when left out.")] = None,
) -> None:
    """Write last week's campaign into the database, and its mails into a file."""
    try:
        week_key = parse_week_key(week) if week else week_before(datetime.now(UTC))
        engine = process_engine()
        campaign_id = write_past_campaign(engine, newsletter=newsletter, week_key=week_key, jobs=jobs)
        with transaction(engine) as connection:
            count = write_targets(targets, stream_targets(connection, campaign_id=campaign_id))
    except (InputError, SettingsError, DBAPIError) as exc:
        sys.stderr.write(f"error: {str(exc).splitlines()[0]}\n")
        sys.exit(HARNESS_ERROR)
    print(f"campaign {campaign_id}, {week_key}: {count:,} mails in {targets}")


if __name__ == "__main__":
    typer.run(main)
