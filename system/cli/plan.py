"""`steadypost plan`: what an audience will take, before anybody rents anything."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  # typer reads the annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from system.errors import InputError
from system.planning.plan import make_plan
from system.planning.prices import read_prices
from system.planning.scenario import Scenario
from system.planning.unit_costs import read_unit_costs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from system.planning.plan import Plan

WIDTH = 110


def plan(
    *,
    users: Annotated[int, typer.Option(help="How many get the weekly mail, such as 10_000_000.")],
    accounts: Annotated[int, typer.Option(help="Sending accounts, one newsletter each, even shares.")] = 1,
    mails_per_s: Annotated[float, typer.Option(help="Limit of each account.")] = 100.0,
    installations: Annotated[int, typer.Option(help="Independent ones that share users and accounts.")] = 1,
    workers: Annotated[
        list[str] | None, typer.Option(help="Processes you have, such as emails=8; sized when left out.")
    ] = None,
    page_users: Annotated[int, typer.Option(help="STEADYPOST_DISPATCH_PAGE_USERS.")] = 5000,
    batch_jobs: Annotated[int, typer.Option(help="STEADYPOST_BATCH_JOBS.")] = 500,
    postgres_cores: Annotated[int | None, typer.Option(min=1, help="Cores you have; sized when left out.")] = None,
    outage_minutes: Annotated[float, typer.Option(help="The provider is away for so long.")] = 0.0,
    outage_after_minutes: Annotated[float, typer.Option(help="When it goes away.")] = 5.0,
    retry_share: Annotated[float, typer.Option(help="Attempts that the provider refuses.")] = 0.001,
    mailed_share: Annotated[float, typer.Option(help="Users who are not skipped.")] = 1.0,
    provider_latency_ms: Annotated[float, typer.Option(help="The provider's time to answer.")] = 250.0,
    orders_per_user: Annotated[float, typer.Option()] = 20.0,
    weeks_kept: Annotated[int, typer.Option(help="Campaigns that stay in the database.")] = 13,
    deadline_minutes: Annotated[float, typer.Option()] = 120.0,
    costs: Annotated[Path | None, typer.Option(help="Unit costs of yours, as system/planning/unit_costs.toml.")] = None,
    prices: Annotated[Path | None, typer.Option(help="Prices of yours, as system/planning/prices.toml.")] = None,
    price: Annotated[list[str] | None, typer.Option(help="One price, such as mail=0.0004.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Predict duration, cores, memory, disk and money from measured unit costs, and name the limit that binds."""
    scenario = Scenario(
        users=users,
        accounts=accounts,
        mails_per_s=mails_per_s,
        installations=installations,
        processes=dict(_processes(workers or [])),
        page_users=page_users,
        batch_jobs=batch_jobs,
        postgres_cores=postgres_cores,
        outage_minutes=outage_minutes,
        outage_after_minutes=outage_after_minutes,
        retry_share=retry_share,
        mailed_share=mailed_share,
        provider_latency_ms=provider_latency_ms,
        orders_per_user=orders_per_user,
        weeks_kept=weeks_kept,
        deadline_minutes=deadline_minutes,
    )
    made = make_plan(scenario, read_unit_costs(costs), read_prices(prices, said=price or []))
    if as_json:
        typer.echo(json.dumps(asdict(made) | {"usd_per_month": round(made.bill.total, 2)}, default=str, indent=2))
        return
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=WIDTH)
    for table in (_summary(made), _roles(made)):
        console.print(table)


def _processes(said: list[str]) -> Iterator[tuple[str, int]]:
    for word in said:
        role, _, count = word.partition("=")
        if not count.isdecimal():
            remedy = "Say a role and a number, such as emails=8"
            raise InputError(field="workers", value=word, problem="is no number of processes", remedy=remedy)
        yield role, int(count)


def _summary(made: Plan) -> Table:
    scenario, bill, database = made.scenario, made.bill, made.database
    table = Table(show_header=False, box=None)
    table.add_row("users", f"{scenario.users:,} through {_accounts(made)}")
    colour = "green" if made.is_in_time else "red"
    verdict = "in time" if made.is_in_time else "too late"
    deadline = f"the deadline is {_span(60 * scenario.deadline_minutes)}"
    table.add_row(
        "takes", f"[{colour}]{_span(made.duration_s)}, {verdict}[/] ({deadline}), {made.mails_per_s:,.0f} mails/s"
    )
    if scenario.outage_minutes:
        table.add_row("", f"with an outage of {_span(60 * scenario.outage_minutes)}")
    table.add_row("limit that binds", f"[bold]{made.limit.name}[/], {made.limit.mails_per_s:,.0f} mails/s")
    table.add_row("change next", made.limit.next_step)
    behind = f", applied {_span(made.events_behind_s)} after the last mail" if made.events_behind_s else ""
    table.add_row("webhook", f"{made.events_per_s:,.0f} events/s{behind}")
    table.add_row(
        "database",
        f"{database.total_gb:,.1f} GB: {database.week_gb:,.1f} a week for {scenario.weeks_kept} weeks, "
        f"{database.shop_gb:,.1f} users and orders",
    )
    table.add_row(
        "USD a month",
        f"{bill.total:,.0f} by list prices: mails {bill.mails:,.0f}, cores {bill.cores:,.0f}, "
        f"memory {bill.memory:,.0f}, disk {bill.disk:,.0f}",
    )
    return table


def _accounts(made: Plan) -> str:
    scenario = made.scenario
    accounts = f"{scenario.accounts} account{'s' if scenario.accounts > 1 else ''} of {scenario.mails_per_s:g} mails/s"
    return accounts if scenario.installations == 1 else f"{accounts} in {scenario.installations} installations"


def _roles(made: Plan) -> Table:
    title = "one installation" if made.scenario.installations == 1 else "each installation"
    table = Table("role", title=title, title_justify="left")
    for column in ("processes", "cores used", "memory, MB", "carries, mails/s"):
        table.add_column(column, justify="right")
    for role in made.roles:
        carries = "" if role.carries_mails_per_s is None else f"{role.carries_mails_per_s:,.0f}"
        count = f"{role.processes} core{'s' * (role.processes > 1)}" if role.name == "postgres" else f"{role.processes}"
        table.add_row(role.name, count, f"{role.cores:,.2f}", f"{role.memory_mb:,.0f}", carries)
    cores, memory_mb = sum(role.cores for role in made.roles), sum(role.memory_mb for role in made.roles)
    table.add_section()
    table.add_row("all", "", f"{cores:,.2f}", f"{memory_mb:,.0f}", "")
    return table


def _span(seconds: float) -> str:
    """The two largest parts that are not nothing: 2 h, 1 h 24 min, 26 min 38 s."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    parts = [f"{hours} h", f"{minutes} min"] if hours else [f"{minutes} min", f"{whole % 60} s"]
    return " ".join(part for part in parts if not part.startswith("0 ")) or "0 s"
