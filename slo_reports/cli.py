"""`steadypost slo`: record, judge, compare, show and export runs, what they cost, and the objectives' rules."""

from __future__ import annotations

import typer

from slo_reports.commands.comparing import compare_runs
from slo_reports.commands.costing import show_costs
from slo_reports.commands.exporting import export_run
from slo_reports.commands.judging import judge
from slo_reports.commands.listing import list_runs, open_run
from slo_reports.commands.objectives import validate, write_rules
from slo_reports.commands.running import PASSED_ON, run

app = typer.Typer(no_args_is_help=True, help="Record, judge, compare and show runs.")

app.command(name="run", context_settings=PASSED_ON)(run)
app.command(name="judge")(judge)
app.command(name="compare")(compare_runs)
app.command(name="list")(list_runs)
app.command(name="open")(open_run)
app.command(name="export")(export_run)
app.command(name="costs")(show_costs)
app.command(name="rules")(write_rules)
app.command(name="validate")(validate)
