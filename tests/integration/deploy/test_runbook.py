"""The runbook: a page for every alert, and every command on it works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
import yaml
from redbeat.decoder import RedBeatJSONEncoder
from shop_world import Shop
from sqlalchemy import create_engine

from system.week import week_key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.postgres import Postgres
    from stack.redis import RedisServer

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
RUNBOOK = ROOT / "docs" / "runbook"
PAGES = sorted(page for page in RUNBOOK.glob("*.md") if page.name != "README.md")
RULES = [ROOT / "deploy/prometheus/steadypost.rules.yml", ROOT / "deploy/prometheus/platform.rules.yml"]
BIN = Path(sys.executable).parent


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks for line in block.splitlines()]


COMMANDS = sorted({command for page in PAGES for command in commands(page)})


def alerts() -> list[dict[str, object]]:
    groups = [group for rules in RULES for group in yaml.safe_load(rules.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_every_alert_leads_to_a_page_and_every_page_has_an_alert() -> None:
    urls = {alert["annotations"]["runbook_url"] for alert in alerts()}  # type: ignore[index]  # YAML
    assert urls == {str(page.relative_to(ROOT)) for page in PAGES}


def test_every_page_is_in_the_list() -> None:
    listed = re.findall(r"\((\S+\.md)\)", (RUNBOOK / "README.md").read_text())
    assert sorted(listed) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_it_means_how_to_see_it_and_what_to_do(page: Path) -> None:
    content = page.read_text()
    assert re.findall(r"^\*\*(.*?)\.\*\*", content, re.MULTILINE) == ["It means", "See it", "Do"]
    assert commands(page)
    assert len(content.splitlines()) < 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text())
    assert [link for link in links if not (RUNBOOK / link).exists()] == []


@pytest.fixture(scope="module")
def environment(
    postgres_server: Postgres,
    redis_server: RedisServer,
    _migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """A small shop with a model, as an operator's shell sees it."""
    with redis.Redis.from_url(redis_server.url(15)) as client:
        client.flushdb()  # other tests' traces of what was sent lock a database that lacks it
    postgres_server.create_database("runbook", template=_migrated_template)
    settings = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": postgres_server.url("runbook"),
        "REDIS_URL": redis_server.url(15),
        "ACCOUNTS__DEFAULT__API_KEY": "SG.test",
        "WEBHOOK_PUBLIC_KEYS": "[]",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "LINK_KEYS": json.dumps(["a-key"]),
        "FROM_EMAIL": "weekly@shop.example",
        "FROM_NAME": "Harbour & Home",
        "POSTAL_ADDRESS": "12 Quay Street",
        "SHOP_URL": "https://shop.example",
        "MODEL_FOLDER": str(tmp_path_factory.mktemp("models")),
    }
    made = {**os.environ, **{f"STEADYPOST_{name}": value for name, value in settings.items()}}
    for command in ("population generate --users 60 --products 20 --seed 7", "model train"):
        done = run(f"steadypost {command}", made)
        assert done.returncode == 0, done.stdout + done.stderr
    beat = json.dumps({"last_run_at": datetime.now(UTC)}, cls=RedBeatJSONEncoder)
    with redis.Redis.from_url(redis_server.url(15)) as client:
        client.hset("redbeat:sweep", "meta", beat)
    yield made
    with redis.Redis.from_url(redis_server.url(15)) as client:
        client.flushdb()
    postgres_server.drop_database("runbook")


def run(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    found = BIN / program if (BIN / program).exists() else shutil.which(program)
    if found is None:
        assert os.environ.get("CI", "").lower() != "true", f"{program} is missing"
        pytest.skip(f"{program} is missing")
    return subprocess.run(
        [str(found), *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def prepare(command: str, environment: dict[str, str]) -> None:
    """Bring this week's campaign to where the command is of use."""
    engine = create_engine(environment["STEADYPOST_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    shop = Shop(engine)
    shop.rows("TRUNCATE campaigns, email_jobs CASCADE")
    if " rollback " in command:
        shop.rows("INSERT INTO model_activations (version, action) SELECT version, 'activated' FROM models")
    if " start " not in command:
        newsletter_id = shop.value("SELECT id FROM newsletters WHERE name = 'weekly-recos'")
        week_key = week_key_of(datetime.now(UTC), time_zone="UTC")
        shop.add_campaign(newsletter_id, state="paused" if " resume " in command else "running", week_key=week_key)
    engine.dispose()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_runbook_works(command: str, environment: dict[str, str]) -> None:
    prepare(command, environment)
    done = run(command, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
