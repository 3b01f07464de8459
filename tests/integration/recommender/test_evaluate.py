"""`steadypost model evaluate` on orders in a database: what it judges, what it writes, and what it refuses."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from system.cli import model_evaluate
from system.errors import InputError
from system.recommender.evaluation.running import run_evaluation
from system.recommender.hyper_parameters import HyperParameters
from system.storage import model_registry
from system.storage.database import new_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

pytestmark = pytest.mark.integration

SEED = 5
FIRST_DAY = date(2026, 1, 5)
DAYS = 84
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    engine = new_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty: Engine) -> Engine:
    """Twelve weeks of a shop with two tastes of fifteen products each."""
    random = np.random.default_rng(SEED)
    orders = [
        {"user": user, "product": 1 + 15 * (user % 2) + int(random.integers(15)), "day": int(random.integers(DAYS))}
        for user in range(1, 161)
        for _ in range(8)
    ] + [{"user": 1, "product": 1, "day": day} for day in (0, DAYS - 1)]
    with transaction(empty) as connection:
        connection.execute(
            text(
                "INSERT INTO products (sku, name, price) SELECT i, '<b>Ünï</b> ' || i, i FROM generate_series(1, 31) i"
            )
        )
        connection.execute(text("INSERT INTO users (id) SELECT generate_series(1, 160)"))
        connection.execute(
            text(
                "INSERT INTO orders (user_id, product_id, created_at) "
                "VALUES (:user, :product, CAST(:first AS timestamptz) + make_interval(days => :day, hours => 12))"
            ),
            [order | {"first": f"{FIRST_DAY}T00:00:00Z"} for order in orders],
        )
    return empty


def _register(engine: Engine, *, version: str, chosen_before: date | None) -> None:
    metrics = None if chosen_before is None else {"window": {"first_day": chosen_before.isoformat()}}
    card = {"hyper_parameters": HyperParameters(l2=77.0).as_card(), "metrics": metrics}
    with transaction(engine) as connection:
        model_registry.register(
            connection, version=version, sha256="0" * 64, file_bytes=1, trained_on=date(2026, 4, 1), card=card
        )


def _run(engine: Engine, *, version: str | None = None, weeks: int = 0, test_days: int = 28) -> dict[str, Any]:
    return run_evaluation(engine, version=version, test_days=test_days, replay_weeks=weeks, seed=SEED)


def test_the_newest_days_of_the_orders_are_the_window_and_the_graph_recommends(engine: Engine) -> None:
    report = _run(engine, weeks=2)
    assert report["data"]["orders"] == 160 * 8 + 2
    assert report["data"]["products"] == 31
    assert report["window"] == {
        "first_day": (LAST_DAY - timedelta(days=27)).isoformat(),
        "last_day": LAST_DAY.isoformat(),
        "days": 28,
    }
    assert report["model"]["version"] == "none"
    found = report["modes"]["new_only"]["models"]
    assert found["model"]["ndcg_at_5"]["value"] > found["popular_14d"]["ndcg_at_5"]["value"]
    assert report["modes"]["new_only"]["lists"]["model"]["repeat_rate"]["value"] == 0
    assert [arm["repeated"] for arm in report["replay"]["arms"] if arm["cool_down"]] == [0, 0, 0]


def test_a_version_s_own_hyper_parameters_are_judged_by_days_after_those_they_were_chosen_on(engine: Engine) -> None:
    cut = LAST_DAY - timedelta(days=27)
    _register(engine, version="before", chosen_before=cut)
    _register(engine, version="inside", chosen_before=cut + timedelta(days=1))
    _register(engine, version="unknown", chosen_before=None)
    before, inside, unknown = (_run(engine, version=version) for version in ("before", "inside", "unknown"))
    assert before["model"]["version"] == "before"
    assert before["model"]["parameters"]["l2"] == 77
    assert f"From {cut} on: the version's own" in before["model"]["chosen"]
    assert inside["model"]["parameters"]["l2"] != 77
    assert f"From {cut} on: chosen anew" in inside["model"]["chosen"]
    assert unknown["model"]["parameters"]["l2"] != 77


def test_weeks_before_a_version_s_own_choice_are_replayed_with_one_of_their_own(engine: Engine) -> None:
    cut = LAST_DAY - timedelta(days=27)
    _register(engine, version="own", chosen_before=cut)
    model = _run(engine, version="own", weeks=5)["model"]
    monday = LAST_DAY - timedelta(days=34)
    assert model["parameters"]["l2"] == 77
    assert model["chosen"].startswith(f"From {monday} on: chosen anew on the weeks before that day.")
    assert f"From {cut} on: the version's own" in model["chosen"]


def test_the_active_version_is_judged_when_none_is_named(engine: Engine) -> None:
    _register(engine, version="2026-04-01-aaaaaaaa", chosen_before=LAST_DAY - timedelta(days=60))
    with transaction(engine) as connection:
        model_registry.log_activation(connection, version="2026-04-01-aaaaaaaa", action="activated", forced_reason=None)
    assert _run(engine)["model"]["version"] == "2026-04-01-aaaaaaaa"


def test_a_version_that_is_not_registered_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError, match="version='2020-01-01-ffffffff' is no registered model"):
        _run(engine, version="2020-01-01-ffffffff")


def test_no_orders_are_refused(empty: Engine) -> None:
    with pytest.raises(InputError, match=r"orders=0 .*Run `steadypost import online-retail FILE`"):
        _run(empty)


def test_a_window_as_long_as_the_record_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError, match=r"test_days=84 leave nothing to learn from: the orders span 84 days"):
        _run(engine, test_days=84)


def test_the_command_prints_the_verdict_and_writes_both_files(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(model_evaluate, "process_engine", lambda: engine)
    folder = tmp_path / "report"
    done = CliRunner().invoke(model_evaluate.app, ["--replay-weeks", "1", "--seed", "3", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["bootstrap"]["seed"] == 3
    assert report["command"] == "steadypost model evaluate --test-days 28 --replay-weeks 1 --seed 3"
    assert report["command"] in (folder / "report.html").read_text(encoding="utf-8")
    assert "times as good as plain cosine" in done.output
    assert f"{report['modes']['new_only']['customers']:,} customers" in done.output


def test_the_command_fails_when_the_model_is_worse_than_popular_products(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(model_evaluate, "process_engine", lambda: engine)
    monkeypatch.setattr("system.recommender.evaluation.report.judge", lambda *_args, **_more: "worse")
    done = CliRunner().invoke(model_evaluate.app, ["--replay-weeks", "0", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "Worse than recently popular products, beyond noise: it must not be mailed." in done.output
    assert (tmp_path / "report.html").exists()
