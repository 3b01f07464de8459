"""I1: the provider accepted at most one mail per user and week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, zero_tolerance
from slo_reports.run_folder import LEDGER

if TYPE_CHECKING:
    from slo_reports.tables import Run

_MAILS: Final = """
SELECT user_id, week_key, count(*) AS mails FROM ledger
WHERE kind = 'accepted' AND user_id IS NOT NULL GROUP BY user_id, week_key
"""


@invariant(
    "I1",
    "one_mail_per_user_week",
    promise="The provider accepts at most one mail for each user and week.",
    sources=(LEDGER,),
)
def check_duplicates(run: Run) -> Finding:
    """Counts the provider's own ledger, which no bug of ours can flatter."""
    users, twice = run.one(
        f"SELECT count(*), count(*) FILTER (WHERE mails > 1) FROM ({_MAILS})",  # noqa: S608  # a statement of this file
        uses=(LEDGER,),
    )
    some = run.rows(
        f"SELECT user_id, week_key, mails FROM ({_MAILS}) WHERE mails > 1 ORDER BY mails DESC, user_id LIMIT 50",  # noqa: S608  # same
        uses=(LEDGER,),
    )
    return zero_tolerance(
        found=twice,
        n=users,
        unit="users with more than one mail",
        says=f"{twice:,} of {users:,} users got more than one mail",
        evidence=(f"user {user}, week {week}: {mails} mails" for user, week, mails in some),
    )
