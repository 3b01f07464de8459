"""`slo costs`: what a run says about the price of a mail, for `steadypost plan`."""

from __future__ import annotations

import typer

from slo_reports.commands.choice import LATEST, RunArgument, chosen
from slo_reports.commands.errors import explained
from slo_reports.tables import Run
from slo_reports.unit_costs import unit_costs


def show_costs(run: RunArgument = LATEST) -> None:
    """Print what one mail, event and post cost, as lines of TOML (system/planning/unit_costs.toml holds them)."""
    with explained(), Run(chosen(run)) as opened:
        for name, value in unit_costs(opened).items():
            typer.echo(f"{name} = {value:.4g}")
