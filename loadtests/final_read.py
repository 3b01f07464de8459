"""Reads out, when all is quiet, what the database and the provider remember of a run, into its folder.

python -m loadtests.final_read --run DIR --provider URL   (STEADYPOST_* point to the stack)
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from sqlalchemy import text

from loadtests.provider import read_ledger, read_summary
from loadtests.pseudonyms import Pseudonyms
from loadtests.quiescence import wait_until_quiet
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from system.storage import exports
from system.storage.database import process_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

QUIET_DEADLINE_S: Final = 30.0
HASH_DIGITS: Final = 8


def read_finally(run: RunFolder, *, provider: str, unacked: int = 0) -> None:
    """Wait until nothing moves, then write the ledger and the tables; safe to repeat."""
    quiescence = wait_until_quiet(deadline_s=QUIET_DEADLINE_S, unacked=unacked)
    facts = run.facts()
    campaign = facts.get("campaign")
    run.update_facts(quiescence=quiescence, provider_summary=read_summary(provider))
    since_s = datetime.fromisoformat(facts["started"]).timestamp()
    if campaign is not None:
        _read_campaign(run, campaign, provider=provider, since_s=since_s)
    # The inbox comes after the events: one that arrives in between is then a post whose events are not asked for.
    with transaction(process_engine()) as connection:
        run.write_lines(run_folder.CAMPAIGNS, exports.stream_campaigns(connection))
        run.write_lines(run_folder.INBOX, exports.stream_inbox(connection, since_s=since_s))


def _read_campaign(run: RunFolder, campaign: dict[str, Any], *, provider: str, since_s: float) -> None:
    campaign_id, pseudonym = campaign["id"], Pseudonyms()
    with transaction(process_engine()) as connection:
        # One moment for all tables, also when something still moves.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        jobs = exports.stream_jobs(connection, campaign_id=campaign_id)
        run.write_lines(run_folder.JOBS, _without_addresses(jobs, pseudonym))
        attempts = exports.stream_attempts(connection, campaign_id=campaign_id)
        run.write_lines(run_folder.ATTEMPTS, _with_short_hashes(attempts))
        run.write_lines(run_folder.TRANSITIONS, exports.stream_transitions(connection, campaign_id=campaign_id))
        run.write_lines(run_folder.EVENTS, exports.stream_events(connection, campaign_id=campaign_id))
        audience = exports.audience_size(connection, campaign_id=campaign_id)
    ledger = read_ledger(provider, week_key=campaign["week_key"], since_s=since_s, recipient_of=pseudonym)
    run.write_lines(run_folder.LEDGER, _with_short_hashes(ledger))
    run.update_facts(campaign={**campaign, "audience_users": audience})


def _without_addresses(jobs: Iterable[dict[str, Any]], pseudonym: Pseudonyms) -> Iterator[dict[str, Any]]:
    for job in jobs:
        address = job.pop("email")
        yield {**job, "recipient": pseudonym(address)}


def _with_short_hashes(lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    # Eight digits tell two contents apart as well as 32 do, in a quarter of the space.
    for line in lines:
        yield {**line, "content_hash": (line.get("content_hash") or "")[:HASH_DIGITS] or None}


def main(
    *,
    run: Annotated[Path, typer.Option(help="Run folder of the campaign.")],
    provider: Annotated[str, typer.Option(help="Management URL of the fake provider.")],
) -> None:
    """Complete a run folder."""
    folder = RunFolder(run)
    began_s = time.monotonic()
    folder.note("harness", "invoke", "final_read")
    read_finally(folder, provider=provider)
    folder.note("harness", "ok", "final_read", value={"took_s": round(time.monotonic() - began_s, 3)})


if __name__ == "__main__":
    typer.run(main)
