"""I13: a newsletter has exactly one campaign in a week, whatever triggered it how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo_reports.checks.check import Finding, invariant, unknown, zero_tolerance
from slo_reports.run_folder import CAMPAIGNS, RUN

if TYPE_CHECKING:
    from slo_reports.tables import Run


@invariant(
    "I13",
    "one_campaign_per_week",
    promise="Each newsletter has exactly one campaign in each week.",
    sources=(RUN, CAMPAIGNS),
)
def check_campaigns(run: Run) -> Finding:
    """Looks at every campaign in the database; the run's own must be among them."""
    weeks = run.rows(
        "SELECT newsletter, week_key, list(campaign_id ORDER BY campaign_id) FROM campaigns GROUP BY ALL ORDER BY ALL",
        uses=(CAMPAIGNS,),
    )
    own = run.fact("campaign", "id")
    if not any(own in campaigns for _, _, campaigns in weeks):
        return unknown(f"the run's own campaign {own} is not among the recorded ones")
    several = [week for week in weeks if len(week[2]) > 1]
    return zero_tolerance(
        found=len(several),
        n=len(weeks),
        unit="weeks with more than one campaign",
        says=f"{len(several):,} of {len(weeks):,} newsletter weeks have more than one campaign",
        evidence=(f"{newsletter} {week}: campaigns {campaigns}" for newsletter, week, campaigns in several),
    )
