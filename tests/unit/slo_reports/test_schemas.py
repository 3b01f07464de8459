"""The published schemas say what run.json and the line files hold, and what to write where they don't."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slo_reports import run_folder, schemas
from slo_reports.columns import COLUMNS, REQUIRED
from slo_reports.schemas.line_schema import PATH, line_schema

pytestmark = pytest.mark.unit

SHA = "9cc1a5a894a7102e4b967bf9182312cee5bc65ca858f755d643fa64b4b45ed6f"
BEGUN: dict[str, Any] = {
    "schema": "steadypost-run/2",
    "run_id": "20261121-113959-smoke",
    "profile": "smoke",
    "state": "recording",
    "reason": None,
    "mode": {"kind": "compressed", "compression": 50.0, "users": 2000, "outage_s": 20.0, "deadline_s": 300.0},
    "seed": 1,
    "command": "make slo-test PROFILE=smoke",
    "started": "2026-11-21T11:40:35.437925+00:00",
}
FINISHED = {
    **BEGUN,
    "state": "finished",
    "finished": "2026-11-21T11:41:14.767097+00:00",
    "campaign": {"id": 1, "newsletter": "weekly", "week_key": "2026-W47", "audience_users": 2000, "mails_per_s": 100.0},
    "load": {"events_per_s": 500.0, "stages": [{"name": "hold"}], "dropped": 0, "offered": 9, "sent": 9, "seed": 1},
    "git": {"sha": "24bfe56c", "dirty": False},
    "durations": [{"name": "outage_s", "production": 600, "here": 20, "scaled": True}],
    "environment": {"cores": 2, "memory_gib": 23.5, "noise": {"before": {}, "after": {}}},
    "files": {"jobs.jsonl": {"lines": 2000, "bytes": 9, "sha256": SHA}},
}


def test_a_run_that_has_just_begun_is_valid() -> None:
    assert schemas.objections(BEGUN, schemas.RUN) == []


def test_a_finished_run_is_valid() -> None:
    assert schemas.objections(FINISHED, schemas.RUN) == []


def test_an_interrupted_run_is_valid_without_what_it_never_had() -> None:
    assert schemas.objections({**BEGUN, "state": "interrupted", "reason": "Ctrl-C"}, schemas.RUN) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"state": "done"}, 'state is "done": write recording, finished, interrupted or failed'),
        ({"seed": "one"}, 'seed is "one": expected an integer from 0'),
        ({"seed": -1}, "seed is -1: expected an integer from 0"),
        ({"mode": {**BEGUN["mode"], "kind": "quick"}}, 'mode.kind is "quick": write full or compressed'),
        ({"mode": {**BEGUN["mode"], "users": 0}}, "mode.users is 0: expected a number of users above 0"),
        ({"mode": {**BEGUN["mode"], "compression": 0.5}}, "mode.compression is 0.5: expected a number from 1 (full)"),
        ({"started": "yesterday"}, 'started is "yesterday": expected a moment like 2026-11-21T11:40:35+00:00'),
        ({"files": {"jobs.jsonl": {"lines": 1, "bytes": 1, "sha256": "…"}}}, "expected 64 hexadecimal digits"),
        ({"campaign": {**FINISHED["campaign"], "week_key": "47"}}, "expected a week such as 2026-W47"),
        ({"durations": [{"name": "outage_s"}]}, "durations[0]"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_the_remedy(changed: dict[str, Any], says: str) -> None:
    found = [str(objection) for objection in schemas.objections({**FINISHED, **changed}, schemas.RUN)]

    assert any(says in objection for objection in found), found


@pytest.mark.parametrize("key", ["run_id", "profile", "state", "mode", "seed", "command", "started"])
def test_what_is_known_from_the_first_moment_must_be_there(key: str) -> None:
    (found,) = schemas.objections({other: value for other, value in BEGUN.items() if other != key}, schemas.RUN)

    assert f"'{key}' is a required property" in found.remedy


def test_the_published_schema_of_the_lines_is_made_of_the_columns() -> None:
    assert json.loads(PATH.read_text()) == line_schema(), "run `python -m slo_reports.schemas.line_schema`"


def test_every_file_and_every_field_is_published() -> None:
    published = schemas.schema(schemas.LINES)["$defs"]

    assert {name: list(each["properties"]) for name, each in published.items()} == {
        name: list(fields) for name, fields in COLUMNS.items()
    }
    assert {name: tuple(each["required"]) for name, each in published.items()} == REQUIRED


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"job_id": 1, "user_id": 1, "status": "delivered", "reason": None, "product_ids": [1, 2]}, None),
        ({"job_id": None, "user_id": 1, "status": "delivered"}, "job_id is null: expected an integer"),
        ({"job_id": 1, "user_id": 1}, "'status' is a required property"),
        ({"job_id": 1, "user_id": 1, "status": "delivered", "product_ids": ["a"]}, 'product_ids[0] is "a"'),
        ({"job_id": 1, "user_id": 1, "status": "delivered", "email": "a@example.com"}, "('email' was unexpected)"),
    ],
)
def test_a_line_holds_the_published_fields_and_no_other(line: dict[str, Any], says: str | None) -> None:
    found = [str(objection) for objection in schemas.objections(line, schemas.LINES, part=run_folder.JOBS)]

    assert found == [] if says is None else says in found[0]
