"""What a core, memory, disk and a mail are paid with: prices.toml, and what somebody knows better."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from system.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Prices(BaseModel):
    """US dollars a unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    core_hour: Annotated[float, Field(ge=0)]
    gb_hour: Annotated[float, Field(ge=0)]
    disk_gb_month: Annotated[float, Field(ge=0)]
    mail: Annotated[float, Field(ge=0)]


def read_prices(path: Path | None = None, *, said: Iterable[str] = ()) -> Prices:
    """The committed list, or another file of its form, with `name=dollars` on top; InputError names what is wrong."""
    source = path or files("system.planning").joinpath("prices.toml")
    try:
        listed = tomllib.loads(source.read_text(encoding="utf-8")).get("price", [])
        values: dict[str, Any] = {price["name"]: price["usd"] for price in listed}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as exc:
        remedy = "system/planning/prices.toml shows the form"
        raise InputError(field="prices", value=str(path), problem=f"can't be read: {exc}", remedy=remedy) from None
    for word in said:
        name, _, usd = word.partition("=")
        values[name] = usd
    try:
        return Prices.model_validate(values)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        name = str(first["loc"][0])
        known = ", ".join(Prices.model_fields)
        problem = f"is no price: {first['msg']}"
        remedy = f"Known prices: {known}; such as mail=0.0004"
        raise InputError(field=f"price {name}", value=values.get(name), problem=problem, remedy=remedy) from None
