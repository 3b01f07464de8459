"""The commands that fill the database and train, from the outside: programs with real settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from system.recommender.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.integration


@pytest.fixture
def steadypost(database_url: str, tmp_path: Path) -> Command:
    settings = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ACCOUNTS__DEFAULT__API_KEY": "SG.test",
        "WEBHOOK_PUBLIC_KEYS": "[]",
        "PUBLIC_URL": "http://localhost:1",
        "LINK_KEYS": '["test"]',
        "FROM_EMAIL": "shop@example.com",
        "FROM_NAME": "Shop",
        "POSTAL_ADDRESS": "1 Test Street",
        "SHOP_URL": "http://localhost:1",
        "MODEL_FOLDER": str(tmp_path / "models"),
    }
    env = {**os.environ, **{f"STEADYPOST_{name}": value for name, value in settings.items()}, "COLUMNS": "200"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-c", "from system.cli import main; main()", *arguments]
        return subprocess.run(program, env=env, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_a_generated_population_can_be_trained_on(steadypost: Command, tmp_path: Path) -> None:
    generated = steadypost("population", "generate", "--users", "400", "--products", "90", "--seed", "3")
    assert generated.returncode == 0, generated.stderr
    assert "400 users, 90 products and" in generated.stdout

    trained = steadypost("model", "train")
    assert trained.returncode == 0, trained.stderr
    [file] = (tmp_path / "models").glob("*.onnx")
    assert Scorer.load(file).version == file.stem
    assert file.stem in trained.stdout
    assert "ridge penalty" in trained.stdout
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["data"]["users"] <= 400
    assert card["hyper_parameters"]["exponents"]["buyers_ever"] < 0


def test_a_second_population_is_refused_on_stderr_without_a_traceback(steadypost: Command) -> None:
    steadypost("population", "generate", "--users", "20", "--products", "9")
    refused = steadypost("population", "generate", "--users", "20", "--products", "9")
    assert (refused.returncode, refused.stdout.count("error")) == (1, 0)
    assert "users=20 are in the database already. Add more with --append" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert steadypost("population", "generate", "--users", "20", "--products", "9", "--append").returncode == 0


def test_training_on_nothing_says_what_to_do(steadypost: Command, tmp_path: Path) -> None:
    refused = steadypost("model", "train")
    assert refused.returncode == 1
    assert "Run `steadypost import online-retail FILE`" in refused.stderr
    assert list(tmp_path.glob("models/*")) == []


def test_an_import_prints_its_counts_and_the_malformed_rows_as_they_are(steadypost: Command, tmp_path: Path) -> None:
    file = tmp_path / "retail.csv"
    file.write_text(
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
        "489434,85048,GLASS BALL,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"
        "489435,85048,GLASS BALL,[bold]many[/bold],2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n",
        encoding="utf-8",
    )
    done = steadypost("import", "online-retail", str(file))
    assert done.returncode == 0, done.stderr
    assert "rows read            2" in done.stdout
    assert "left out: malformed  1" in done.stdout
    assert "malformed: row 3: Quantity='[bold]many[/bold]' is not a number" in done.stdout


def test_a_file_that_is_not_there_is_an_error_on_stderr(steadypost: Command) -> None:
    refused = steadypost("import", "online-retail", "nowhere.csv")
    assert refused.returncode == 1
    assert "file='nowhere.csv' does not exist. Check the path." in refused.stderr
    assert "Traceback" not in refused.stderr
