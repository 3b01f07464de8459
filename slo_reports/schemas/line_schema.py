"""The published schema of the line files, made from `columns.py`: `python -m slo_reports.schemas.line_schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from slo_reports.columns import COLUMNS, REQUIRED

PATH: Final = Path(__file__).with_name("lines.schema.json")

_TYPES: Final[dict[str, dict[str, Any]]] = {
    "BIGINT": {"type": "integer"},
    "DOUBLE": {"type": "number"},
    "VARCHAR": {"type": "string"},
    "BOOLEAN": {"type": "boolean"},
    "JSON": {"type": "object"},
    "BIGINT[]": {"type": "array", "items": {"type": "integer"}},
    "VARCHAR[]": {"type": "array", "items": {"type": "string"}},
    "MAP(VARCHAR, BIGINT)": {"type": "object", "additionalProperties": {"type": "integer"}},
}


def line_schema() -> dict[str, Any]:
    """One definition a file; a field that `REQUIRED` does not name may be null or left out."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "lines.schema.json",
        "title": "The lines of a run folder's files, each a JSON object",
        "$defs": {name: _file(name) for name in COLUMNS},
    }


def _file(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": f"a line of {name}",
        "required": list(REQUIRED[name]),
        "properties": {field: _field(kind, field in REQUIRED[name]) for field, kind in COLUMNS[name].items()},
        "additionalProperties": False,
    }


def _field(kind: str, is_required: bool) -> dict[str, Any]:  # noqa: FBT001  # private, and named at its only call
    known = _TYPES[kind]
    if is_required:
        return {**known, "description": _words(known["type"])}
    return {**known, "type": [known["type"], "null"], "description": f"{_words(known['type'])}, or null"}


def _words(kind: str) -> str:
    return {"integer": "an integer", "array": "an array", "object": "an object"}.get(kind, f"a {kind}")


def main() -> None:
    """Write the published file."""
    PATH.write_text(json.dumps(line_schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
