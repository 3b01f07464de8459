"""`steadypost newsletter`: what a newsletter may recommend, shown and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from system.pipeline.shelf_rules import Change, change_rules, find_shelf
from system.storage import campaigns
from system.storage.database import process_engine, transaction

if TYPE_CHECKING:
    from system.pipeline.shelf import NewsletterShelf

MAX_ID: Final = 2**63 - 1

app = typer.Typer(no_args_is_help=True, help="What newsletters may recommend.")


@app.command(name="list")
def list_newsletters() -> None:
    """Show all newsletters."""
    table = Table("newsletter", "on", "cron", "time zone", "audience", "account")
    with transaction(process_engine()) as connection:
        for found in campaigns.newsletters(connection):
            cells = (found.name, "yes" if found.enabled else "no", found.cron, found.time_zone, found.audience)
            table.add_row(*map(escape, (*cells, found.sending_account)))
    Console().print(table)


@app.command()
def rules(
    newsletter: Annotated[str, typer.Argument(help="The newsletter's name, such as weekly-recos.")],
    *,
    price_min: Annotated[str | None, typer.Option(help="The lowest price, or none.")] = None,
    price_max: Annotated[str | None, typer.Option(help="The highest price, or none.")] = None,
    exclude_category: Annotated[list[str] | None, typer.Option(help="Recommend nothing of it; repeatable.")] = None,
    include_category: Annotated[list[str] | None, typer.Option(help="Exclude it no longer.")] = None,
    exclude_product: Annotated[
        list[int] | None, typer.Option(min=1, max=MAX_ID, help="Never recommend this id; repeatable.")
    ] = None,
    include_product: Annotated[list[int] | None, typer.Option(min=1, max=MAX_ID, help="Exclude it no longer.")] = None,
    per_category: Annotated[int | None, typer.Option(help="Most products of one category in a mail, 1 to 5.")] = None,
    cool_down_weeks: Annotated[int | None, typer.Option(help="Weeks until the same product again; 0 is off.")] = None,
    buy_again: Annotated[bool | None, typer.Option(help="Whether bought products may be recommended.")] = None,
) -> None:
    """Show what a newsletter may recommend, and change what is given; running campaigns follow within seconds."""
    change = Change(
        price_min=price_min,
        price_max=price_max,
        exclude_categories=exclude_category or (),
        include_categories=include_category or (),
        exclude_products=exclude_product or (),
        include_products=include_product or (),
        per_category=per_category,
        cool_down_weeks=cool_down_weeks,
        buy_again=buy_again,
    )
    with transaction(process_engine()) as connection:
        if change == Change():
            shelf = find_shelf(connection, newsletter=newsletter)
        else:
            shelf = change_rules(connection, newsletter=newsletter, change=change)
    Console().print(_table(newsletter, shelf))


def _table(newsletter: str, found: NewsletterShelf) -> Table:
    rules, shelf = found.rules, found.shelf
    low, high = (str(price) if price is not None else "none" for price in (rules.price_min, rules.price_max))
    table = Table("rule", "value", title=escape(newsletter))
    table.add_row("price", f"from {low} to {high}")
    table.add_row("excluded categories", escape(", ".join(rules.excluded_categories)) or "none")
    table.add_row("excluded products", ", ".join(map(str, rules.excluded_product_ids)) or "none")
    table.add_row("products per category", str(rules.per_category))
    table.add_row("cool-down", f"{rules.cool_down_weeks} weeks" if rules.cool_down_weeks else "off")
    table.add_row("buy again", "yes" if rules.buy_again else "no")
    table.add_row("on the shelf", f"{int(shelf.available.sum()):,} of {len(shelf.product_ids):,} products")
    return table
