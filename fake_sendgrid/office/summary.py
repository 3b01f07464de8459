"""What the provider saw so far, in one object."""

import sqlite3

from pydantic import BaseModel

from fake_sendgrid.office import outbox
from fake_sendgrid.office.intake import Intake
from fake_sendgrid.office.store import read_number

SHOWN_DUPLICATES = 50
_DUPLICATES = """
SELECT campaign_id, user_id, count(*) FROM mails WHERE user_id IS NOT NULL
GROUP BY campaign_id, user_id HAVING count(*) > 1
"""


class Duplicate(BaseModel):
    """A person whom one campaign reached more than once."""

    campaign_id: str | None
    user_id: str
    count: int


class Summary(BaseModel):
    """Counts are mails (recipients) unless they say otherwise; times are Unix seconds."""

    accepted: int
    rejected: int
    requests: int
    peak_per_rolling_s: int
    first_accept_at: float | None
    last_accept_at: float | None
    duplicates: list[Duplicate]
    duplicates_total: int
    events_emitted: int
    events_pending: int
    posts_failed: int


def summarize(store: sqlite3.Connection, intake: Intake) -> Summary:
    """Reads the ledger to its present end first."""
    intake.catch_up()
    accepted, first, last = store.execute("SELECT count(*), min(received_at), max(received_at) FROM mails").fetchone()
    rejected = int(read_number(store, "rejected"))
    duplicates = store.execute(_DUPLICATES).fetchall()
    (due,) = store.execute("SELECT count(*) FROM mails WHERE due IS NOT NULL").fetchone()
    return Summary(
        accepted=accepted,
        rejected=rejected,
        requests=int(read_number(store, "accepted_requests")) + rejected,
        peak_per_rolling_s=intake.peak.value,
        first_accept_at=first,
        last_accept_at=last,
        duplicates=[
            Duplicate(campaign_id=campaign, user_id=user, count=count)
            for campaign, user, count in duplicates[:SHOWN_DUPLICATES]
        ],
        duplicates_total=len(duplicates),
        events_emitted=int(read_number(store, "events_emitted")),
        events_pending=due + outbox.count_events(store),
        posts_failed=int(read_number(store, "posts_failed")),
    )
