"""The published shape of `report.json`, and the refusal of anything else."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = "report.schema.json"


class InvalidReportError(Exception):
    """Raised for a report that its own schema refuses; nothing is written then."""


def validate(report: Mapping[str, Any]) -> None:
    """InvalidReportError names the first place that does not fit."""
    error = next(iter(sorted(_validator().iter_errors(report), key=lambda found: list(map(str, found.path)))), None)
    if error is not None:
        place = "/".join(str(step) for step in error.path) or "the report"
        raise InvalidReportError(f"report.json, {place}: {error.message}")


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(resources.files("slo_reports").joinpath("schemas", FILE).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
