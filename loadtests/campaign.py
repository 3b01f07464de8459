"""Runs one campaign on a stack that is up, shows it live, and samples it into a run folder.

python -m loadtests.campaign --run DIR   (STEADYPOST_* point to the stack)
"""

from __future__ import annotations

import dataclasses
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from loadtests.past_campaign import stream_targets
from loadtests.progress import Progress
from loadtests.sampler import Sampler
from loadtests.webhook.targets import write_targets
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.tasks.orchestrator import start_weekly_campaign
from system.week import week_key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.sampler import Sample
    from system.storage.campaigns import Campaign

SAMPLE_S: Final = 1.0
START_DEADLINE_S: Final = 60.0
LIVE_TARGETS: Final = 200
"""So many mails must be out before attackers are told of them."""
TRAILING_S: Final = 15.0
"""How long to wait, after the campaign's end, for delivery events that are still on their way."""


class StuckError(Exception):
    """Raised when something that must happen has not happened in time."""


def run_campaign(
    run: RunFolder,
    *,
    newsletter: str,
    week_key: str,
    deadline_s: float,
    trailing_s: float,
    live_targets: Path | None,
    console: Console,
) -> None:
    """Start a week's campaign and watch it to its end."""
    run.note("harness", "invoke", "start_campaign", value={"newsletter": newsletter, "week_key": week_key})
    campaign = _start(newsletter, week_key)
    run.note("harness", "ok", "start_campaign", value={"campaign_id": campaign.id})
    settings = load_settings()
    limit = settings.account(campaign.sending_account).mails_per_s
    known = {"id": campaign.id, "newsletter": newsletter, "week_key": week_key, "mails_per_s": limit}
    # The models' place is of this machine alone; its name is enough.
    effective = {**settings.model_dump(mode="json"), "model_folder": settings.model_folder.name}
    run.update_facts(campaign=known, settings=effective)
    progress = Progress(run.path, limit=limit)
    with Live(get_renderable=progress.view, console=console, refresh_per_second=4):
        watch = Watch(run, campaign, progress, live_targets=live_targets)
        watch.until_ended(deadline_s=deadline_s, trailing_s=trailing_s)


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


@dataclass
class Watch:
    """Looks at a campaign once a second, and writes down what it sees."""

    run: RunFolder
    campaign: Campaign
    progress: Progress
    live_targets: Path | None

    def __post_init__(self) -> None:
        self._sampler = Sampler(self.campaign)

    def until_ended(self, *, deadline_s: float, trailing_s: float) -> None:
        """Return when no job is in work, and the last events have arrived or `trailing_s` has passed."""
        started = time.monotonic()
        ended_at_s: float | None = None
        while True:
            at_s = time.monotonic() - started
            sample = self._look()
            if ended_at_s is None and _has_ended(self.campaign):
                ended_at_s = at_s
                self.run.note("harness", "ok", "campaign_ended", value={"campaign_id": self.campaign.id})
                self.run.note("harness", "ok", "phase", value={"phase": "waiting for late events"})
            awaited = sample is not None and sample.jobs.get("accepted")
            if ended_at_s is not None and (not awaited or at_s > ended_at_s + trailing_s):
                return
            if at_s > deadline_s:
                raise StuckError(f"the campaign has not ended within {deadline_s:g} s")
            time.sleep(SAMPLE_S - (time.monotonic() - started) % SAMPLE_S)

    def _look(self) -> Sample | None:
        sample = self._sampler.take()
        if sample is not None:
            self.progress.add(sample)
            self.run.append(run_folder.SAMPLES, dataclasses.asdict(sample))
            if self.live_targets is not None and sample.sent >= LIVE_TARGETS and not self.live_targets.exists():
                self._tell_attackers(self.live_targets)
        return sample

    def _tell_attackers(self, path: Path) -> None:
        try:
            with transaction(process_engine()) as connection:
                write_targets(path, stream_targets(connection, campaign_id=self.campaign.id))
        except DBAPIError:
            return  # the next look tries again


def _has_ended(campaign: Campaign) -> bool:
    try:
        with transaction(process_engine()) as connection:
            now = campaigns.campaign_by_id(connection, campaign_id=campaign.id)
    except DBAPIError:
        return False
    return now is not None and now.completed_at is not None


def _wait_for(look: Callable[[], Campaign | None], *, what: str, deadline_s: float) -> Campaign:
    ends_at = time.monotonic() + deadline_s
    while (found := look()) is None:
        if time.monotonic() > ends_at:
            raise StuckError(f"{what} did not appear within {deadline_s:g} s")
        time.sleep(0.1)
    return found


def main(
    *,
    run: Annotated[Path, typer.Option(help="Run folder; run.json is there already.")],
    newsletter: Annotated[str, typer.Option()] = "weekly-recos",
    week: Annotated[str | None, typer.Option(help="ISO week such as 2026-W47; this week when left out.")] = None,
    deadline_s: Annotated[float, typer.Option()] = 600.0,
    trailing_s: Annotated[float, typer.Option(help="How long to wait for late delivery events.")] = TRAILING_S,
    live_targets: Annotated[Path | None, typer.Option(help="A file to write, for attacks: mails that are out.")] = None,
) -> None:
    """Run and sample one campaign."""
    folder = RunFolder(run)
    try:
        run_campaign(
            folder,
            newsletter=newsletter,
            week_key=week or week_key_of(datetime.now(UTC), time_zone="UTC"),
            deadline_s=deadline_s,
            trailing_s=trailing_s,
            live_targets=live_targets,
            console=Console(),
        )
    except StuckError as exc:
        folder.note("harness", "fail", "campaign_ended", error=str(exc))
        Console(stderr=True).print(f"[red]error:[/] {escape(str(exc))}", soft_wrap=True)
        sys.exit(4)


if __name__ == "__main__":
    typer.run(main)
