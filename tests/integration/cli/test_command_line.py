"""What a person reads who types something wrong, or types it at the wrong time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shop_world import Shop

    from stack.postgres import Postgres

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.integration

STEADYPOST = Path(sys.executable).with_name("steadypost")


def run_with(
    database_url: str, redis_url: str, folder: Path, *arguments: str, **changes: str
) -> subprocess.CompletedProcess[str]:
    env = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ACCOUNTS__DEFAULT__API_KEY": "SG.test",
        "WEBHOOK_PUBLIC_KEYS": "[]",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "LINK_KEYS": json.dumps(["a-key"]),
        "FROM_EMAIL": "weekly@shop.example",
        "FROM_NAME": "Harbour & Home",
        "POSTAL_ADDRESS": "12 Quay Street",
        "SHOP_URL": "https://shop.example",
        "MODEL_FOLDER": str(folder / "models"),
        **changes,
    }
    return subprocess.run(
        [STEADYPOST, *arguments],
        env={**os.environ, "COLUMNS": "300", **{f"STEADYPOST_{name}": value for name, value in env.items()}},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Run:
    return lambda *arguments, **changes: run_with(database_url, redis_url, tmp_path, *arguments, **changes)


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("campaign", "status", "weekly"), "newsletter='weekly' does not exist. Known newsletters: weekly-recos"),
        (("campaign", "status", "[/bold]"), "newsletter='[/bold]' does not exist"),
        (("campaign", "status", "weekly-recos", "--week", "soon"), "week='soon' is not an ISO week. Write year"),
        (("campaign", "status", "weekly-recos", "--week", "2026-W47"), "week='2026-W47' has no campaign. Start it"),
        (("campaign", "start", "weekly-recos"), "no model is active"),
        (("preview", "77"), "user_id=77 is no user"),
        (("newsletter", "rules", "[/bold]"), "newsletter='[/bold]' does not exist"),
        (("newsletter", "rules", "weekly-recos", "--price-min", "cheap"), "price_min='cheap' is not a price"),
        (("newsletter", "rules", "weekly-recos", "--exclude-product", "9" * 20), "--exclude-product"),
        (("job", "show", "1", "2"), "job_id=2 is no job of campaign 1"),
        (("job", "show", "1", "99999999999999999999"), "99999999999999999999"),
        (("job", "show", "one", "2"), "campaign_id"),
    ],
)
def test_bad_input_is_one_message_on_stderr(run: Run, shop: Shop, arguments: tuple[str, ...], says: str) -> None:
    shop.add_newsletter()
    assert says in complaint(run(*arguments))


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("DATABASE_URL", "nonsense", "STEADYPOST_DATABASE_URL: must start with postgresql+psycopg://"),
        ("DATABASE_URL", "postgresql+psycopg://me:hush@127.0.0.1:1/none", "PostgreSQL"),
        ("LINK_KEYS", "[", "STEADYPOST_LINK_KEYS: must be JSON"),
        ("BATCH_JOBS", "none", "STEADYPOST_BATCH_JOBS: "),
    ],
)
def test_a_wrong_setting_is_named_without_its_secrets(run: Run, variable: str, value: str, says: str) -> None:
    said = complaint(run("campaign", "status", "weekly-recos", **{variable: value}))
    assert says in said
    assert "hush" not in said


def test_a_database_without_tables_says_how_to_make_them(
    postgres_server: Postgres, redis_url: str, tmp_path: Path
) -> None:
    url = postgres_server.url("postgres")
    said = complaint(run_with(url, redis_url, tmp_path, "campaign", "status", "weekly-recos"))
    assert "steadypost db upgrade" in said


def test_a_newsletter_s_rules_are_changed_and_shown(run: Run, shop: Shop) -> None:
    shop.add_products(3)
    shop.rows("UPDATE products SET category = '[red]' WHERE id = 1")
    shop.add_newsletter()
    changed = run("newsletter", "rules", "weekly-recos", "--price-max", "10", "--exclude-category", "[red]")
    shown = run("newsletter", "rules", "weekly-recos")
    assert (changed.returncode, shown.returncode) == (0, 0), changed.stderr + shown.stderr
    assert shown.stdout == changed.stdout
    for part in ("from none to 10.00", "[red]", "4 weeks", "2 of 3 products"):
        assert part in shown.stdout
    assert "weekly-recos" in run("newsletter", "list").stdout


def test_a_campaign_is_steered(run: Run, shop: Shop) -> None:
    shop.add_job(shop.add_campaign(shop.add_newsletter()), "ready")
    week = ("weekly-recos", "--week", "2026-W47")

    shown = run("campaign", "status", *week)
    paused = run("campaign", "pause", *week, "--reason", "[red] tape")
    again = run("campaign", "pause", *week, "--reason", "x")

    assert "ready" in shown.stdout
    assert paused.returncode == 0
    assert shop.rows("SELECT state, state_reason FROM campaigns") == [("paused", "[red] tape")]
    assert "is paused and can't be paused" in complaint(again)


def test_the_doctor_says_what_is_missing(run: Run, shop: Shop) -> None:
    shop.add_newsletter(time_zone="Mars/Olympus")
    said = complaint(run("doctor", BROKER_URL="redis://127.0.0.1:1/0"))
    assert "not ready: broker, model, newsletter weekly-recos" in said
