"""The published JSON schemas, and what a document has that they don't allow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

RUN: Final = "run"
LINES: Final = "lines"
OPENSLO: Final = "openslo-v1"
SUITE: Final = "suite"

_SHOWN_CHARS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Objection:
    """A field that the schema does not allow as it is."""

    field: str
    """Its path, such as `spec.objectives[0].target`."""
    value: str
    """What it holds, as JSON; cut off when it is long."""
    remedy: str
    """What it should hold."""

    def __str__(self) -> str:
        return f"{self.field} is {self.value}: {self.remedy}"


@cache
def schema(name: str) -> dict[str, Any]:
    """A schema by the name of its file, without `.schema.json`."""
    text = (resources.files(__name__) / f"{name}.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def objections(document: Any, name: str, *, part: str | None = None) -> list[Objection]:
    """Everything in the document that the schema, or one of its `$defs`, does not allow; empty when it is valid."""
    return [_objection(error) for error in _validator(name, part).iter_errors(document)]


@cache
def _validator(name: str, part: str | None) -> Draft202012Validator:
    whole = schema(name)
    Draft202012Validator.check_schema(whole)
    chosen = whole if part is None else {"$defs": whole["$defs"], **whole["$defs"][part]}
    return Draft202012Validator(chosen)


def _objection(error: ValidationError) -> Objection:
    told = _deepest(error)
    field = told.json_path.removeprefix("$").removeprefix(".") or "the document"
    return Objection(field=field, value=_shown(told.instance), remedy=_remedy(told))


def _deepest(error: ValidationError) -> ValidationError:
    """Of several alternatives, the fault of the one that fits best; if they only say which fields go together, all."""
    best = best_match([error]) if error.context else error
    is_far = len(best.absolute_path) > len(error.absolute_path) + 1
    return best if is_far else error


def _remedy(error: ValidationError) -> str:
    description = error.schema.get("description") if isinstance(error.schema, dict) else None
    if error.validator in ("required", "additionalProperties", "propertyNames") or description is None:
        return error.message + (f" ({description})" if description else "")
    return f"expected {description}" if not description.startswith("write ") else description


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
