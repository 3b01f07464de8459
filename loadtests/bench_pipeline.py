"""Measures the whole pipeline with the provider's limit lifted: mails a second, and what each kind of process pays.

    steadypost stack up --name bench --set 'accounts={"default":{"mails_per_s":null}}'
    eval "$(steadypost stack env --name bench)"
    steadypost population generate --users 20000 --products 2000 && steadypost model train
    python -m loadtests.bench_pipeline --management http://127.0.0.1:PORT

PORT is the fake's second address in `steadypost stack status --name bench`. The fake is put at full speed: no
latency, no delays, no bounces.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final

import psutil
import typer
from sqlalchemy import text

from loadtests.provider import read_summary
from system import logs
from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.storage.newsletters import WEEKLY
from system.tasks.orchestrator import start_weekly_campaign

if TYPE_CHECKING:
    from system.storage.campaigns import Campaign

POLL_S = 0.5
KINDS: Final = {  # the first whose word is in a process's command line
    "-Q emails": "worker emails",
    "-Q ml": "worker ml",
    "-Q tracking": "worker tracking",
    "-Q orchestrator": "worker orchestrator",
    "fake_sendgrid": "fake provider",
    "granian": "web",
    " beat": "beats",
    "redis-server": "Redis",
    "postgres": "PostgreSQL",
}


def main(
    management: Annotated[str, typer.Option(help="Management URL of the fake provider.")],
    deadline_s: Annotated[float, typer.Option()] = 300.0,
) -> None:
    """Send one campaign as fast as the machine can, and print the figures."""
    logs.configure("WARNING")
    _refuse_a_limit()
    _put_full_speed(management)
    accepted_before = int(read_summary(management)["accepted"])
    cpu_before, started_s = _cpu_s_by_kind(), time.monotonic()
    campaign = _send_all(deadline_s=deadline_s)
    seconds, cpu_after = time.monotonic() - started_s, _cpu_s_by_kind()
    cpu_after.subtract(cpu_before)
    summary = read_summary(management)
    accepted = int(summary["accepted"]) - accepted_before
    sending_s = float(summary["last_accept_at"]) - campaign.created_at.timestamp()
    print(f"{accepted:,} mails, from the campaign's row to the last acceptance {sending_s:.1f} s")
    print(f"{accepted / sending_s:,.0f} mails/s; the busiest second had {summary['peak_per_rolling_s']:,}")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| process kind | CPU s | CPU ms a mail | share of one core |\n|---|---|---|---|")
    for kind, cpu_s in cpu_after.most_common():
        print(f"| {kind} | {cpu_s:.1f} | {1000 * cpu_s / accepted:.2f} | {cpu_s / seconds:.0%} |")
    total_s = sum(cpu_after.values())
    print(f"| all | {total_s:.1f} | {1000 * total_s / accepted:.2f} | {total_s / seconds:.0%} |")


def _refuse_a_limit() -> None:
    if (limit := load_settings().account("default").mails_per_s) is not None:
        raise SystemExit(f"the account is limited to {limit:g} mails/s; see --help for how to lift the limit")


def _put_full_speed(management: str) -> None:
    if not management.startswith("http://127.0.0.1:"):
        raise SystemExit(f"--management {management!r} is not on this machine")
    request = urllib.request.Request(  # noqa: S310  # loopback http only, checked above
        f"{management}/full-speed",
        data=json.dumps({"on": True}).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  # same


def _send_all(*, deadline_s: float) -> Campaign:
    """One campaign of a week that has none yet, from its start to its end."""
    with transaction(process_engine()) as connection:
        week = 1 + int(connection.execute(text("SELECT count(*) FROM campaigns")).scalar_one())
    start_weekly_campaign.apply_async((WEEKLY, f"3000-W{week:02d}"))
    give_up_at = time.monotonic() + deadline_s
    while time.monotonic() < give_up_at:
        time.sleep(POLL_S)
        with transaction(process_engine()) as connection:
            campaign = campaigns.latest_campaign(connection)
        if campaign and campaign.week_key == f"3000-W{week:02d}" and campaign.completed_at:
            return campaign
    raise SystemExit(f"the campaign has not ended within {deadline_s:g} s")


def _cpu_s_by_kind() -> Counter[str]:
    """CPU seconds so far of this stack's processes, with those of children that have ended."""
    total: Counter[str] = Counter()
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and _is_ours(process):
                total[_kind(process)] += _cpu_s(process.cpu_times())  # type: ignore[assignment]  # no whole seconds
        except psutil.Error:
            continue
    return total


def _is_ours(process: psutil.Process) -> bool:
    """Whether it was started with this stack's settings; PostgreSQL's sessions overwrite theirs with a title."""
    ours = load_settings().database_url.get_secret_value()
    family = [process, *process.parents()[:1]]
    return any(one.environ().get("STEADYPOST_DATABASE_URL") == ours for one in family)


def _kind(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    return next((kind for word, kind in KINDS.items() if word in command), "other")


def _cpu_s(times: Any) -> float:
    return float(times.user + times.system + times.children_user + times.children_system)


if __name__ == "__main__":
    typer.run(main)
