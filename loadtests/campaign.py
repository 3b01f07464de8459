"""Runs one campaign on a stack that is up, shows it live, and records it into a run folder.

python -m loadtests.campaign --run DIR --provider URL   (STEADYPOST_* point to the stack)
"""

from __future__ import annotations

import dataclasses
import sys
import time
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from loadtests.progress import Progress, Sample
from loadtests.provider import read_ledger, read_summary
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from system.settings import load_settings
from system.storage import campaigns, exports
from system.storage.database import process_engine, transaction
from system.tasks.app import app as celery_app
from system.tasks.orchestrator import start_weekly_campaign
from system.tasks.queues import QueueName, messages_waiting
from system.week import week_key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from system.storage.campaigns import Campaign

SAMPLE_S = 1.0
START_DEADLINE_S = 60.0
TRAILING_S = 15.0
"""How long to wait, after the campaign's end, for delivery events that are still on their way."""


class StuckError(Exception):
    """Raised when something that must happen has not happened in time."""


def run_campaign(
    run: RunFolder,
    *,
    provider: str,
    newsletter: str,
    week_key: str,
    deadline_s: float,
    trailing_s: float,
    console: Console,
) -> None:
    """Start a week's campaign, watch it to its end, and write down everything that a judge needs."""
    settings = load_settings()
    campaign = _start(newsletter, week_key)
    limit = settings.account(campaign.sending_account).mails_per_s
    facts = {**run.facts(), "mails_per_s": limit, "campaign_id": campaign.id, "started": _now()}
    run.write_facts(facts)
    progress = Progress(limit=limit)
    try:
        with Live(get_renderable=progress.view, console=console, refresh_per_second=4):
            _watch(campaign, progress, deadline_s=deadline_s, trailing_s=trailing_s)
    finally:
        run.write_lines(run_folder.SAMPLES, (dataclasses.asdict(sample) for sample in progress.samples))
        facts |= _export(run, campaign, provider=provider)
        run.write_facts(facts)
    run.write_facts({**facts, "finished": _now()})


def _start(newsletter: str, week_key: str) -> Campaign:
    start_weekly_campaign.apply_async((newsletter, week_key))
    with transaction(process_engine()) as connection:
        found = campaigns.newsletter_named(connection, name=newsletter)
    if found is None:
        raise StuckError(f"newsletter {newsletter!r} does not exist; has the population been generated?")

    def look() -> Campaign | None:
        with transaction(process_engine()) as connection:
            return campaigns.campaign_of_week(connection, newsletter_id=found.id, week_key=week_key)

    return _wait_for(look, what="the campaign's row", deadline_s=START_DEADLINE_S)


def _watch(campaign: Campaign, progress: Progress, *, deadline_s: float, trailing_s: float) -> None:
    """One sample a second until no job is in work, and then until the last events have arrived."""
    started = time.monotonic()
    ended_at: float | None = None
    while True:
        at_s = time.monotonic() - started
        if (sample := _sample(campaign, at_s=at_s)) is not None:
            progress.samples.append(sample)
        if ended_at is None and _has_ended(campaign):
            ended_at = at_s
        awaited = bool(progress.samples and progress.samples[-1].jobs.get("accepted"))
        if ended_at is not None and (not awaited or at_s > ended_at + trailing_s):
            return
        if at_s > deadline_s:
            raise StuckError(f"the campaign has not ended within {deadline_s:g} s")
        time.sleep(SAMPLE_S - (time.monotonic() - started) % SAMPLE_S)


def _sample(campaign: Campaign, *, at_s: float) -> Sample | None:
    """None while a server is away: faults are part of a run, and must not end the recording."""
    try:
        with transaction(process_engine()) as connection:
            jobs = campaigns.jobs_by_state(connection, campaign_id=campaign.id)
        queues = {queue.value: messages_waiting(celery_app, queue) for queue in QueueName}
    except (DBAPIError, OSError, OperationalError, RedisError):
        return None
    return Sample(at_s=round(at_s, 3), jobs=jobs, queues=queues)


def _has_ended(campaign: Campaign) -> bool:
    try:
        with transaction(process_engine()) as connection:
            now = campaigns.campaign_by_id(connection, campaign_id=campaign.id)
    except DBAPIError:
        return False
    return now is not None and now.completed_at is not None


def _export(run: RunFolder, campaign: Campaign, *, provider: str) -> dict[str, Any]:
    run.write_lines(run_folder.LEDGER, read_ledger(provider, campaign_id=campaign.id))
    with transaction(process_engine()) as connection:
        run.write_lines(run_folder.JOBS, exports.stream_jobs(connection, campaign_id=campaign.id))
        run.write_lines(run_folder.ATTEMPTS, exports.stream_attempts(connection, campaign_id=campaign.id))
        audience = exports.audience_size(connection, campaign_id=campaign.id)
    return {"audience_users": audience, "provider_summary": read_summary(provider)}


def _wait_for(look: Callable[[], Campaign | None], *, what: str, deadline_s: float) -> Campaign:
    ends_at = time.monotonic() + deadline_s
    while (found := look()) is None:
        if time.monotonic() > ends_at:
            raise StuckError(f"{what} did not appear within {deadline_s:g} s")
        time.sleep(0.1)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat()


def main(
    *,
    run: Annotated[Path, typer.Option(help="Run folder; run.json is there already.")],
    provider: Annotated[str, typer.Option(help="Management URL of the fake provider.")],
    newsletter: Annotated[str, typer.Option()] = "weekly-recos",
    week: Annotated[str | None, typer.Option(help="ISO week such as 2026-W47; this week when left out.")] = None,
    deadline_s: Annotated[float, typer.Option()] = 600.0,
    trailing_s: Annotated[float, typer.Option(help="How long to wait for late delivery events.")] = TRAILING_S,
) -> None:
    """Run and record one campaign."""
    try:
        run_campaign(
            RunFolder(run),
            provider=provider,
            newsletter=newsletter,
            week_key=week or week_key_of(datetime.now(UTC), time_zone="UTC"),
            deadline_s=deadline_s,
            trailing_s=trailing_s,
            console=Console(),
        )
    except StuckError as exc:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(exc))}", soft_wrap=True)
        sys.exit(4)


if __name__ == "__main__":
    typer.run(main)
