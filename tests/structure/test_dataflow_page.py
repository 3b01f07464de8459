"""The data-flow page names tasks, files and states that exist, and forgets none of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/dataflow.md").read_text(encoding="utf-8")
TASK = re.compile(r'@app\.task\(name="([a-z_.]+)"')


def tasks_in_code() -> set[str]:
    return {name for file in (ROOT / "system/tasks").glob("*.py") for name in TASK.findall(file.read_text())}


def test_every_task_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\b((?:orchestrator|ml|emails|tracking)\.[a-z_]+)\b", PAGE))
    assert named
    assert named <= tasks_in_code()


def test_every_step_of_a_mail_is_on_the_page() -> None:
    by_hand_only = {"orchestrator.start_weekly_campaign", "orchestrator.sync_schedules"}
    assert {task for task in tasks_in_code() - by_hand_only if task not in PAGE} == set()


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:pipeline|storage|recommender|web)/\w+\.py)`", PAGE))
    assert named
    assert {name for name in named if not (ROOT / "system" / name).exists()} == set()


def test_every_setting_is_documented() -> None:
    settings = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    fields = re.findall(
        r"^    (\w+): ", (ROOT / "system/settings.py").read_text().split("class Settings")[1], re.MULTILINE
    )
    names = set(fields)
    assert "database_url" in names
    assert {name for name in names if f"STEADYPOST_{name.upper()}" not in settings} == set()
