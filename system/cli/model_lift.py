"""`steadypost model lift`: what a campaign's challenger sold beside its model, and what its shadow would have said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from system.errors import InputError
from system.recommender.lift import Rate, difference, is_divided_by_chance, ratio, says, wilson
from system.storage import model_pins, shadows, trials
from system.storage.database import process_engine, transaction

if TYPE_CHECKING:
    from system.recommender.lift import Interval
    from system.storage.model_pins import Pins
    from system.storage.shadows import ShadowTotal
    from system.storage.trials import ArmCounts

app = typer.Typer()

OUTCOMES = {
    "clicked": "clicked",
    "bought_recommended": "bought one of the five",
    "bought_anything": "bought anything",
}


@app.command()
def lift(
    campaign: Annotated[int, typer.Argument(help="The campaign's number, as `campaign status` shows it.")],
    *,
    purchase_days: Annotated[int, typer.Option(min=1, max=365, help="How long after its mail a purchase counts.")] = 7,
) -> None:
    """Compare the arms of a campaign, each mail counted once; intervals are 95 %, each for itself."""
    with transaction(process_engine()) as connection:
        pins = model_pins.pins_at_rest(connection, campaign_id=campaign)
        if pins is None:
            remedy = "See `steadypost campaign status`"
            raise InputError(field="campaign", value=campaign, problem="does not exist", remedy=remedy)
        counts = trials.arm_counts(connection, campaign_id=campaign, purchase_days=purchase_days)
        watched = shadows.totals(connection, campaign_id=campaign)
    if not counts:
        raise InputError(
            field="campaign",
            value=campaign,
            problem="has no accepted mail",
            remedy="Wait, or ask for one not forgotten",
        )
    console = Console()
    console.print(_arms(counts, pins, purchase_days))
    _compare(console, counts, pins)
    for shadow in watched:
        console.print(_shadow(shadow), markup=False)


def _arms(counts: list[ArmCounts], pins: Pins, purchase_days: int) -> Table:
    names = {pins.model_version: "model", pins.challenger_version: "challenger"}
    caption = f"purchases within {purchase_days} days; {sum(arm.still_open for arm in counts):,} mails have some left"
    table = Table("version", "arm", "mails", *OUTCOMES.values(), caption=caption)
    for arm in counts:
        rates = [_percent(wilson(Rate(getattr(arm, name), arm.mails))) for name in OUTCOMES]
        table.add_row(arm.version or "unknown", names.get(arm.version, "stand-in"), f"{arm.mails:,}", *rates)
    return table


def _compare(console: Console, counts: list[ArmCounts], pins: Pins) -> None:
    by_version = {arm.version: arm for arm in counts}
    challenger, model = (by_version.get(v or "") for v in (pins.challenger_version, pins.model_version))
    if pins.challenger_version is None or challenger is None or model is None:
        console.print("nothing to compare: one arm has no mails" if pins.challenger_version else "no challenger")
        return
    table = Table("challenger against model", "difference", "ratio", "says")
    for name, title in OUTCOMES.items():
        ours, theirs = (Rate(getattr(arm, name), arm.mails) for arm in (challenger, model))
        table.add_row(title, *_row(ours, theirs))
    console.print(table)
    share = pins.challenger_share or 0.0
    if not is_divided_by_chance(challenger.mails, model.mails, share=share):
        console.print(
            f"[red]The arms are not of the sizes that a share of {share:.1%} gives: mails of one of them got lost, or "
            "a stand-in took its place. Don't trust the comparison.[/]"
        )


def _row(ours: Rate, theirs: Rate) -> tuple[str, str, str]:
    apart = difference(ours, theirs)
    return _percent(apart, sign="+"), _times(ratio(ours, theirs)), says(apart)


def _percent(interval: Interval, *, sign: str = "") -> str:
    bounds = f"{interval.low:{sign}.2%} to {interval.high:{sign}.2%}"
    return f"{interval.value:{sign}.2%} ({bounds})"


def _times(interval: Interval) -> str:
    if math.isnan(interval.value):
        return "-"
    low, high = (f"{bound:.2f}" if math.isfinite(bound) else "?" for bound in (interval.low, interval.high))
    return f"{interval.value:.2f} ({low} to {high})"


def _shadow(total: ShadowTotal) -> str:
    return (
        f"shadow {total.version}: {total.users:,} people, {total.mean_overlap:.1%} of the mailed products, "
        f"the same first one for {total.same_first:.1%}, {total.batch_products:,.0f} different products a batch "
        f"(mailed: {total.batch_mailed_products:,.0f})"
    )
