"""What the provider saw so far, in one object."""

import sqlite3

from pydantic import BaseModel

from fake_sendgrid.office import outbox
from fake_sendgrid.office.intake import Intake
from fake_sendgrid.office.store import read_number, read_numbers

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
    rejected_by_status: dict[str, int]
    requests: int
    peak_per_rolling_s: int
    first_accept_at: float | None
    last_accept_at: float | None
    duplicates: list[Duplicate]
    duplicates_total: int
    faults: dict[str, int]
    events_emitted: int
    events_pending: int
    posts_failed: int


def summarize(store: sqlite3.Connection, intake: Intake) -> Summary:
    """Reads the ledger to its present end first; `duplicates` shows at most 50 of `duplicates_total`."""
    intake.catch_up()
    accepted, first, last = store.execute("SELECT count(*), min(received_at), max(received_at) FROM mails").fetchone()
    rejected = read_numbers(store, "rejected:")
    duplicates = store.execute(_DUPLICATES).fetchall()
    (due,) = store.execute("SELECT count(*) FROM mails WHERE due IS NOT NULL").fetchone()
    (held,) = store.execute("SELECT count(*) FROM held").fetchone()
    return Summary(
        accepted=accepted,
        rejected=sum(rejected.values()),
        rejected_by_status=rejected,
        requests=int(read_number(store, "accepted_requests")) + sum(rejected.values()),
        peak_per_rolling_s=intake.exact_peak(),
        first_accept_at=first,
        last_accept_at=last,
        duplicates=[
            Duplicate(campaign_id=campaign, user_id=user, count=count)
            for campaign, user, count in duplicates[:SHOWN_DUPLICATES]
        ],
        duplicates_total=len(duplicates),
        faults=read_numbers(store, "fault:"),
        events_emitted=int(read_number(store, "events_emitted")),
        events_pending=due + held + outbox.count_events(store),
        posts_failed=int(read_number(store, "posts_failed")),
    )
