"""Measures how long campaigns of several sending accounts take side by side in one installation.

    steadypost stack up --name bench --set batch_jobs=50 --set 'accounts={"a":{"mails_per_s":20,…},"b":…}'
    eval "$(steadypost stack env --name bench)"
    steadypost population generate --users 600 --products 200 && steadypost model train
    python -m loadtests.bench_accounts

Every account but `default` gets a newsletter for everybody; all campaigns are started at once. `steadypost plan` says
what to expect.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy import text

from system import logs
from system.settings import load_settings
from system.storage.database import process_engine, transaction
from system.tasks.orchestrator import start_weekly_campaign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

WEEK = "3000-W01"
POLL_S = 0.5


def main(deadline_s: Annotated[float, typer.Option()] = 600.0) -> None:
    """Send one campaign through each account, and print when each had its last mail accepted."""
    logs.configure("WARNING")
    names = [name for name in load_settings().accounts if name != "default"]
    if not names:
        raise SystemExit("error: no account but `default` is configured; see --help")
    for name in names:
        _add_newsletter(name)
    for name in names:
        start_weekly_campaign.apply_async((name, WEEK))
    _wait_for(len(names), deadline_s=deadline_s)
    print("| account | mails | first mail after, s | last mail after, s |\n|---|---|---|---|")
    for row in _times():
        print(f"| {row.name} | {row.mails:,} | {row.first_s:.1f} | {row.last_s:.1f} |")


def _add_newsletter(account: str) -> None:
    statement = text("""
        INSERT INTO newsletters (name, subject, sending_account, enabled) VALUES (:name, 'Picked for you', :name, false)
        ON CONFLICT (name) DO NOTHING
    """)
    with transaction(process_engine()) as connection:
        connection.execute(statement, {"name": account})


def _wait_for(count: int, *, deadline_s: float) -> None:
    statement = text("SELECT count(*) FROM campaigns WHERE week_key = :week AND completed_at IS NOT NULL")
    give_up_at = time.monotonic() + deadline_s
    while time.monotonic() < give_up_at:
        with transaction(process_engine()) as connection:
            if connection.execute(statement, {"week": WEEK}).scalar_one() == count:
                return
        time.sleep(POLL_S)
    raise SystemExit(f"error: the campaigns have not ended within {deadline_s:g} s")


def _times() -> Sequence[Row[Any]]:
    """Seconds count from the first campaign's row."""
    statement = text("""
        SELECT n.name, count(*) AS mails,
               extract(epoch FROM min(j.accepted_at) - (SELECT min(created_at) FROM campaigns WHERE week_key = :week))
                   AS first_s,
               extract(epoch FROM max(j.accepted_at) - (SELECT min(created_at) FROM campaigns WHERE week_key = :week))
                   AS last_s
        FROM campaigns c JOIN newsletters n ON n.id = c.newsletter_id JOIN email_jobs j ON j.campaign_id = c.id
        WHERE c.week_key = :week AND j.accepted_at IS NOT NULL GROUP BY n.name ORDER BY last_s
    """)
    with transaction(process_engine()) as connection:
        return connection.execute(statement, {"week": WEEK}).all()


if __name__ == "__main__":
    typer.run(main)
