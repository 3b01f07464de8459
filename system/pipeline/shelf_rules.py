"""Changes a newsletter's rules: what somebody typed is checked against the rules' limits and the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from system.errors import InputError
from system.pipeline.shelf import NewsletterShelf, read_shelf
from system.recommender.recommendation import TOP
from system.storage import campaigns, shelves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from system.storage.shelves import Rules

NO_LIMIT: Final = "none"
MAX_PRICE: Final = Decimal(10) ** 10
LONGEST_COOL_DOWN_WEEKS: Final = 52


@dataclass(frozen=True, kw_only=True)
class Change:
    """What to change; None and empty lists leave a rule as it is, `none` lifts a price's limit."""

    price_min: str | None = None
    price_max: str | None = None
    exclude_categories: Sequence[str] = ()
    include_categories: Sequence[str] = ()
    exclude_products: Sequence[int] = ()
    include_products: Sequence[int] = ()
    per_category: int | None = None
    cool_down_weeks: int | None = None
    buy_again: bool | None = None


def find_shelf(connection: Connection, *, newsletter: str) -> NewsletterShelf:
    """The shelf of a newsletter that somebody named; InputError when there is none."""
    return read_shelf(connection, newsletter_id=_newsletter_id(connection, newsletter))


def change_rules(connection: Connection, *, newsletter: str, change: Change) -> NewsletterShelf:
    """The newsletter's shelf by its new rules; InputError when a rule can't be, or nothing would be left on it."""
    newsletter_id = _newsletter_id(connection, newsletter)
    old = shelves.rules_of(connection, newsletter_id=newsletter_id)
    _check_named(connection, change)
    rules = _changed(old, change)
    _check_band(rules)
    shelves.save_rules(connection, rules, newsletter_id=newsletter_id)
    found = read_shelf(connection, newsletter_id=newsletter_id)
    if not found.shelf.available.any() and _leaves_anything(connection, old):
        raise InputError(
            field="rules",
            value=newsletter,
            problem="would leave nothing to recommend",
            remedy="Widen the price band or exclude less; nothing was changed",
        )
    return found


def _leaves_anything(connection: Connection, rules: Rules) -> bool:
    return any(product.available for product in shelves.products_by(connection, rules))


def _newsletter_id(connection: Connection, name: str) -> int:
    found = campaigns.newsletter_named(connection, name=name)
    if found is None:
        known = ", ".join(newsletter.name for newsletter in campaigns.newsletters(connection)) or "none yet"
        raise InputError(field="newsletter", value=name, problem="does not exist", remedy=f"Known newsletters: {known}")
    return found.id


def _changed(old: Rules, change: Change) -> Rules:
    values: dict[str, Any] = {
        "price_min": _price("price_min", change.price_min) if change.price_min is not None else old.price_min,
        "price_max": _price("price_max", change.price_max) if change.price_max is not None else old.price_max,
        "excluded_categories": sorted(
            {*old.excluded_categories, *change.exclude_categories} - {*change.include_categories}
        ),
        "excluded_product_ids": sorted(
            {*old.excluded_product_ids, *change.exclude_products} - {*change.include_products}
        ),
    }
    if change.per_category is not None:
        values["per_category"] = _between("per_category", change.per_category, least=1, most=TOP)
    if change.cool_down_weeks is not None:
        values["cool_down_weeks"] = _between(
            "cool_down_weeks", change.cool_down_weeks, least=0, most=LONGEST_COOL_DOWN_WEEKS
        )
    if change.buy_again is not None:
        values["buy_again"] = change.buy_again
    return replace(old, **values)


def _price(field: str, typed: str) -> Decimal | None:
    if typed.strip().casefold() == NO_LIMIT:
        return None
    try:
        price = Decimal(typed.strip())
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price < MAX_PRICE or price != round(price, 2):
        remedy = f"Give an amount such as 9.50, or {NO_LIMIT} for no limit"
        raise InputError(field=field, value=typed, problem="is not a price", remedy=remedy)
    return price


def _between(field: str, value: int, *, least: int, most: int) -> int:
    if not least <= value <= most:
        problem = f"is not between {least} and {most}"
        raise InputError(field=field, value=value, problem=problem, remedy="Give another number")
    return value


def _check_band(rules: Rules) -> None:
    if rules.price_min is not None and rules.price_max is not None and rules.price_min > rules.price_max:
        raise InputError(
            field="price_min",
            value=str(rules.price_min),
            problem=f"is more than price_max={rules.price_max}",
            remedy=f"Lower it, or lift a limit with {NO_LIMIT}",
        )


def _check_named(connection: Connection, change: Change) -> None:
    """A rule that means nothing is a typing error; what is excluded may be included whether it still exists or not."""
    known = shelves.categories(connection)
    for category in change.exclude_categories:
        if category not in known:
            remedy = f"Known categories: {', '.join(known) or 'none yet'}"
            raise InputError(
                field="exclude_category", value=category, problem="is the category of no product", remedy=remedy
            )
    if unknown := shelves.unknown_products(connection, product_ids=change.exclude_products):
        remedy = "Give the id of a product; see table products"
        raise InputError(field="exclude_product", value=unknown[0], problem="is no product", remedy=remedy)
