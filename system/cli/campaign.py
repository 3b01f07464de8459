"""`steadypost campaign`: start, look at, and steer the mailing of a week."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from kombu.exceptions import OperationalError
from rich.console import Console
from rich.live import Live
from rich.table import Table

from system.errors import DependencyError, InputError
from system.pipeline.dispatch import start_campaign
from system.recommender.rollout import usable_model
from system.settings import load_settings
from system.states import FAILURES, IN_WORK, JobState
from system.storage import campaigns, epochs
from system.storage.database import process_engine, transaction
from system.week import parse_week_key, week_key_of

if TYPE_CHECKING:
    from system.storage.campaigns import Campaign

app = typer.Typer(no_args_is_help=True, help="The mailing of a week.")

NewsletterName = Annotated[str, typer.Argument(help="The newsletter's name, such as weekly-recos.")]
WeekKey = Annotated[str | None, typer.Option("--week", help="ISO week such as 2026-W47; this week when left out.")]


@app.command()
def start(newsletter: NewsletterName, week: WeekKey = None) -> None:
    """Start the campaign of a week; an existing one is left alone."""
    from system.tasks.orchestrator import dispatch_campaign  # noqa: PLC0415  # Celery is slow to import for the rest

    with transaction(process_engine()) as connection:
        usable_model(connection, folder=load_settings().model_folder)  # a campaign without a model would only wait
    key = week or week_key_of(datetime.now(UTC), time_zone=_time_zone(newsletter))
    started = start_campaign(process_engine(), newsletter=newsletter, week_key=key, triggered_by="command line")
    if not started.created:
        raise InputError(
            field="week",
            value=key,
            problem=f"has campaign {started.campaign_id} already",
            remedy=f"See `steadypost campaign status {newsletter} --week {key}`",
        )
    typer.echo(f"campaign {started.campaign_id}: {newsletter} {key}")
    try:
        dispatch_campaign.apply_async(args=(started.campaign_id,), retry=False)
    except (OperationalError, OSError):
        typer.echo("the broker is away: the sweep will dispatch the campaign when it is back", err=True)


@app.command()
def status(newsletter: NewsletterName, week: WeekKey = None) -> None:
    """Show how far a campaign has come."""
    Console().print(_table(_find(newsletter, week)))


@app.command()
def watch(newsletter: NewsletterName, week: WeekKey = None, every_s: float = 1.0) -> None:
    """Show a campaign live until it has ended."""
    campaign = _find(newsletter, week)
    with Live(_table(campaign), refresh_per_second=4) as live:
        while campaign.completed_at is None:
            time.sleep(every_s)
            campaign = _find(newsletter, campaign.week_key)
            live.update(_table(campaign))


@app.command()
def pause(newsletter: NewsletterName, reason: Annotated[str, typer.Option()], week: WeekKey = None) -> None:
    """Stop sending; what is in flight finishes."""
    campaign = _find(newsletter, week)
    with transaction(process_engine()) as connection:
        changed = campaigns.pause_campaign(connection, campaign_id=campaign.id, reason=reason)
    _confirm(changed, campaign, "paused")


@app.command()
def resume(newsletter: NewsletterName, week: WeekKey = None) -> None:
    """Go on sending; the sweep picks the campaign up within seconds."""
    campaign = _find(newsletter, week)
    with transaction(process_engine()) as connection:
        changed = campaigns.resume_campaign(connection, campaign_id=campaign.id)
    _confirm(changed, campaign, "resumed")


@app.command()
def cancel(newsletter: NewsletterName, reason: Annotated[str, typer.Option()], week: WeekKey = None) -> None:
    """End a campaign for good; whoever has no mail yet is skipped."""
    campaign = _find(newsletter, week)
    with transaction(process_engine()) as connection:
        changed = campaigns.cancel_campaign(connection, campaign_id=campaign.id, reason=reason)
    _confirm(changed, campaign, "cancelled")


def _find(newsletter: str, week: str | None) -> Campaign:
    with transaction(process_engine()) as connection:
        found = campaigns.newsletter_named(connection, name=newsletter)
        if found is None:
            known = ", ".join(n.name for n in campaigns.newsletters(connection)) or "none yet"
            raise InputError(
                field="newsletter", value=newsletter, problem="does not exist", remedy=f"Known newsletters: {known}"
            )
        key = parse_week_key(week) if week else week_key_of(datetime.now(UTC), time_zone=found.time_zone)
        campaign = campaigns.campaign_of_week(connection, newsletter_id=found.id, week_key=key)
    if campaign is None:
        raise InputError(
            field="week",
            value=key,
            problem="has no campaign",
            remedy=f"Start it: steadypost campaign start {newsletter}",
        )
    return campaign


def _time_zone(newsletter: str) -> str:
    with transaction(process_engine()) as connection:
        found = campaigns.newsletter_named(connection, name=newsletter)
    return found.time_zone if found else "UTC"


def _confirm(changed: bool, campaign: Campaign, what: str) -> None:  # noqa: FBT001  # private, and reads well
    if not changed:
        raise DependencyError(f"campaign {campaign.id} is {campaign.state} and can't be {what}.")
    typer.echo(f"campaign {campaign.id} is {what}")


def _table(campaign: Campaign) -> Table:
    with transaction(process_engine()) as connection:
        counts = campaigns.jobs_by_state(connection, campaign_id=campaign.id)
        locked = epochs.lock_reason(connection)
    says = f"sending is locked: {locked}" if locked else campaign.state_reason
    title = f"campaign {campaign.id}: {campaign.newsletter} {campaign.week_key}, {campaign.state}"
    table = Table("state", "jobs", "share", title=title, caption=says)
    for state in JobState:
        if count := counts.get(state, 0):
            style = "red" if state in FAILURES else "yellow" if state in IN_WORK else "green"
            table.add_row(state.value, f"{count:,}", f"{count / max(1, campaign.jobs_total):.2%}", style=style)
    return table
