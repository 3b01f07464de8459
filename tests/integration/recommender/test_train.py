from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import text

from system.errors import InputError
from system.recommender.recommendation import Source
from system.recommender.scorer import Scorer
from system.recommender.shelf import History, Shelf
from system.recommender.training import train
from system.storage.database import new_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

pytestmark = pytest.mark.integration

TRAINED_ON = date(2026, 11, 21)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = new_engine(database_url)
    yield engine
    engine.dispose()


def _sell(engine: Engine, sales: dict[int, list[int]], *, products: int) -> None:
    with transaction(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO products (sku, name, price) SELECT i, '<i></i>Ünï' || i, i FROM generate_series(1, :n) i"
            ),
            {"n": products},
        )
        connection.execute(text("INSERT INTO users (id) SELECT unnest(:ids)"), {"ids": list(sales)})
        connection.execute(
            text("INSERT INTO orders (user_id, product_id) VALUES (:user, :product)"),
            [{"user": user, "product": product} for user, basket in sales.items() for product in basket],
        )


def test_a_trained_model_recommends_what_like_minded_people_bought(engine: Engine, tmp_path: Path) -> None:
    _sell(engine, {1: [1, 2, 3], 2: [1, 2, 3], 3: [1, 2], 4: [5, 6, 7], 5: [5, 6, 7], 6: [5]}, products=8)
    trained = train(engine, path=tmp_path / "m.onnx", trained_on=TRAINED_ON)
    assert (trained.users, trained.products, trained.orders) == (6, 8, 15)
    assert trained.metrics is None
    scorer = Scorer.load(trained.path)
    assert scorer.version == trained.version
    shelf = Shelf.plain(range(1, 9), popular=[8])
    found = scorer.recommend({3: History([1, 2]), 6: History([5])}, shelf=shelf)
    assert found[3].product_ids == [3, 8]
    assert set(found[6].product_ids[:2]) == {6, 7}
    assert found[6].product_ids[2:] == [8]
    assert found[6].because_ids == [5, 5, 0]


def test_training_writes_each_product_s_embedding(engine: Engine, tmp_path: Path) -> None:
    _sell(engine, {1: [1, 2], 2: [1, 2]}, products=3)
    train(engine, path=tmp_path / "m.onnx", trained_on=TRAINED_ON)
    with transaction(engine) as connection:
        rows = connection.execute(text("SELECT embedding FROM products ORDER BY id")).scalars().all()
    assert rows[0] @ np.array(rows[1]) == pytest.approx(1, abs=1e-5)
    assert set(rows[2]) == {0.0}


def test_the_same_orders_give_the_same_version(engine: Engine, tmp_path: Path) -> None:
    _sell(engine, {user: [1 + user % 80, 1 + user % 70, 1 + user % 60] for user in range(1, 400)}, products=80)
    first, second = (train(engine, path=tmp_path / name, trained_on=TRAINED_ON, seed=4) for name in ("a", "b"))
    assert first.version == second.version


def test_a_catalogue_of_one_can_be_trained_and_leaves_nothing_for_its_buyer(engine: Engine, tmp_path: Path) -> None:
    _sell(engine, {1: [1]}, products=1)
    scorer = Scorer.load(train(engine, path=tmp_path / "m.onnx", trained_on=TRAINED_ON).path)
    found = scorer.recommend({1: History([1]), 2: History([])}, shelf=Shelf.plain([1]))
    assert found[1].reason is Source.NOTHING_LEFT
    assert found[2].product_ids == [1]


def test_training_without_orders_says_what_to_do_and_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"orders=0 leave nothing to learn from\. Run `steadypost import"):
        train(engine, path=tmp_path / "m.onnx", trained_on=TRAINED_ON)
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_at_the_number_of_orders(engine: Engine, tmp_path: Path) -> None:
    _sell(engine, {1: [1, 2], 2: [1]}, products=2)
    heard: list[tuple[str, int, int]] = []
    train(engine, path=tmp_path / "m.onnx", trained_on=TRAINED_ON, on_step=lambda *now: heard.append(now))
    assert ("Reading orders", 3, 3) in heard
