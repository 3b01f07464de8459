"""`steadypost model …` as a person at a terminal meets it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from trained_models import publish_sealed

from system.cli import main
from system.recommender.model_folder import model_file
from system.settings import load_settings
from system.storage.database import process_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shop_world import Shop

    Run = Callable[..., "Said"]

pytestmark = pytest.mark.integration

WORSE = {"differences": {"popular_14d": {"ndcg_at_5": {"value": -0.02, "low": -0.03, "high": -0.01}}}}


@dataclass(frozen=True)
class Said:
    """What came out of a command."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def run(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """The program in this process, whose imports are paid for once."""
    settings = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ACCOUNTS__DEFAULT__API_KEY": "SG.test",
        "WEBHOOK_PUBLIC_KEYS": "[]",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "LINK_KEYS": json.dumps(["a-key"]),
        "FROM_EMAIL": "weekly@shop.example",
        "FROM_NAME": "Harbour & Home",
        "POSTAL_ADDRESS": "12 Quay Street",
        "SHOP_URL": "https://shop.example",
        "MODEL_FOLDER": str(tmp_path),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"STEADYPOST_{name}", value)
    monkeypatch.setenv("COLUMNS", "300")

    def steadypost(*arguments: str) -> Said:
        monkeypatch.setattr("sys.argv", ["steadypost", "model", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out = capsys.readouterr()
        return Said(int(ended.value.code or 0), out.out, out.err)

    load_settings.cache_clear()
    process_engine.cache_clear()
    yield steadypost
    process_engine().dispose()
    process_engine.cache_clear()
    load_settings.cache_clear()


def complaint(said: Said) -> str:
    assert said.code == 1, said.stdout + said.stderr
    return said.stderr


def test_a_rollout_and_the_way_back(run: Run, shop: Shop, tmp_path: Path) -> None:
    a, b, worse = (
        publish_sealed(shop.engine, tmp_path, name, metrics=WORSE if name == "c" else None) for name in "abc"
    )
    refused = complaint(run("activate", worse))
    assert "is refused: its NDCG@5 is 0.0200 below" in refused
    assert f"{b} is active: not evaluated" in run("activate", b).stdout
    model_file(tmp_path, worse).unlink()
    rows = {line.split()[1]: line for line in run("list").stdout.splitlines() if "2026-11-21-" in line}
    assert ["active" in rows[version] for version in (a, b, worse)] == [False, True, False]
    assert "missing" in rows[worse]
    assert f"{a} is active again" in run("rollback").stdout
    assert "has nothing before it to go back to" in complaint(run("rollback"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("activate", "2020-01-01-x"), "version='2020-01-01-x' is no registered model"),
        (("activate", "2020-01-01-x", "--force"), "reason=None and --force go together"),
        (("ab", "weekly-recos"), "challenger=None and --off exclude each other"),
        (("ab", "weekly-recos", "--challenger", "x", "--share", "1.5"), "share=1.5 is no share"),
        (("ab", "nowhere", "--off"), "newsletter='nowhere' does not exist"),
        (("shadow", "weekly-recos", "[/bold]"), "version='[/bold]' is no registered model"),
        (("lift", "77"), "campaign=77 does not exist"),
    ],
)
def test_a_wrong_word_is_one_message(run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in complaint(run(*arguments))


def test_a_trial_and_a_shadow_are_set_and_ended(run: Run, shop: Shop, tmp_path: Path) -> None:
    shop.add_newsletter()
    a, b = (publish_sealed(shop.engine, tmp_path, name) for name in "ab")
    assert "is the active model" in complaint(run("ab", "weekly-recos", "--challenger", a))
    assert run("ab", "weekly-recos", "--challenger", b, "--share", "0.25").code == 0
    assert run("shadow", "weekly-recos", b).code == 0
    columns = "SELECT challenger_version, challenger_share, shadow_version FROM newsletters"
    assert shop.rows(columns) == [(b, 0.25, b)]
    assert run("ab", "weekly-recos", "--off").code == 0
    assert run("shadow", "weekly-recos", "--off").code == 0
    assert shop.rows(columns) == [(None, None, None)]


def test_lift_counts_each_mail_once_and_says_what_the_evidence_says(run: Run, shop: Shop) -> None:
    products = shop.add_products(8)
    campaign_id = shop.add_campaign(shop.add_newsletter())
    shop.rows("UPDATE campaigns SET model_version = 'old', challenger_version = 'new', challenger_share = 0.5")
    shop.rows("INSERT INTO shadow_batches VALUES (:id, 'ghost', 1, 400, 400, 0.4, 100, 7, 8)", id=campaign_id)
    shop.rows("INSERT INTO users (id) SELECT generate_series(1, 400)")
    shop.rows(
        """
        INSERT INTO email_jobs (campaign_id, user_id, week_key, status, product_ids, because_ids, model_version,
                                accepted_at, delivered_at, clicked_at)
        SELECT :id, n, '2026-W47', 'delivered', :five, '{0,0,0,0,0}', CASE WHEN n <= 200 THEN 'old' ELSE 'new' END,
               now() - interval '9 days', now() - interval '8 days',
               CASE WHEN n BETWEEN 191 AND 260 THEN now() END
        FROM generate_series(1, 400) n
        """,
        id=campaign_id,
        five=products[:5],
    )
    shop.rows(
        """
        INSERT INTO orders (user_id, product_id, created_at) VALUES
            (1, :first, now() - interval '7 days'), (1, :first, now() - interval '6 days'),  -- one mail, bought twice
            (2, :other, now() - interval '7 days'),                                          -- not one of the five
            (3, :first, now() - interval '9 days'),                                          -- before the mail
            (300, :first, now() - interval '1 hour')                                         -- a week and more after it
        """,
        first=products[0],
        other=products[7],
    )
    done = run("lift", str(campaign_id))
    assert done.code == 0, done.stderr
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    rows = {row[0]: row[1:] for row in cells}
    assert [cell.split(" ")[0] for cell in rows["old"]] == ["model", "200", "5.00%", "0.50%", "1.00%"]
    assert [cell.split(" ")[0] for cell in rows["new"]] == ["challenger", "200", "30.00%", "0.00%", "0.00%"]
    assert rows["clicked"] == ["+25.00% (+17.87% to +32.05%)", "6.00 (3.16 to 11.38)", "more"]
    assert rows["bought anything"][2] == "not enough evidence"
    assert "shadow ghost: 400 people, 40.0% of the mailed products, the same first one for 25.0%" in done.stdout
    assert "Don't trust" not in done.stdout

    shop.rows("UPDATE email_jobs SET model_version = 'old' WHERE user_id > 240")
    assert "Don't trust the comparison" in run("lift", str(campaign_id)).stdout
