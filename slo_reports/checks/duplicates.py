"""I1: the provider accepted at most one mail per user and campaign."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from slo_reports import run_folder
from slo_reports.verdict import Kind, Status, Verdict

if TYPE_CHECKING:
    from slo_reports.run_folder import RunFolder


def check_duplicates(run: RunFolder) -> Verdict:
    """Counts the provider's own ledger, which no bug of ours can flatter."""
    mails = Counter(
        (line["custom_args"]["campaign_id"], line["custom_args"]["user_id"])
        for line in run.lines(run_folder.LEDGER)
        if line["kind"] == "accepted"
    )
    twice = [key for key, count in mails.items() if count > 1]
    return Verdict(
        id="I1",
        name="one_mail_per_user_week",
        kind=Kind.INVARIANT,
        status=Status.UNKNOWN if not mails else Status.MISSED if twice else Status.MET,
        says=f"{len(twice)} of {len(mails):,} users got a second mail" if mails else "the provider accepted no mail",
        evidence=tuple(f"campaign {campaign} user {user}" for campaign, user in twice[:50]),
    )
