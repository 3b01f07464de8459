"""Which model is mailed: registered, activated behind the gate, and rolled back; real database, real files."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError
from trained_models import publish_sealed

from stack.readiness import NotReadyError, wait_until_ready
from system.errors import InputError, ModelError
from system.recommender import rollout
from system.recommender.evaluation.baselines import Baseline
from system.recommender.evaluation.metrics import Metric
from system.recommender.model_folder import model_file
from system.storage import model_registry
from system.storage.database import transaction

if TYPE_CHECKING:
    from pathlib import Path

    from shop_world import Shop

pytestmark = pytest.mark.integration

WORSE = {"differences": {"popular_14d": {"ndcg_at_5": {"value": -0.02, "low": -0.03, "high": -0.01}}}}
UNCLEAR = {"differences": {"popular_14d": {"ndcg_at_5": {"value": -0.01, "low": -0.03, "high": 0.01}}}}


def activate(shop: Shop, folder: Path, version: str, *, forced_reason: str | None = None) -> bool:
    with transaction(shop.engine) as connection:
        return rollout.activate(connection, folder=folder, version=version, forced_reason=forced_reason)


def roll_back(shop: Shop, folder: Path) -> str:
    with transaction(shop.engine) as connection:
        return rollout.roll_back(connection, folder=folder)


def active(shop: Shop) -> str | None:
    with transaction(shop.engine) as connection:
        return model_registry.active_version(connection)


@pytest.fixture
def versions(shop: Shop, tmp_path: Path) -> list[str]:
    """Three models, of which the first is active."""
    return [publish_sealed(shop.engine, tmp_path, name) for name in "abc"]


def test_the_first_model_is_active_at_once_and_later_ones_wait(shop: Shop, versions: list[str]) -> None:
    assert active(shop) == versions[0]


def test_a_training_that_gives_the_same_version_again_changes_nothing(
    shop: Shop, tmp_path: Path, versions: list[str]
) -> None:
    assert publish_sealed(shop.engine, tmp_path, "a") == versions[0]
    assert shop.value("SELECT count(*) FROM models") == 3
    assert shop.value("SELECT count(*) FROM model_activations") == 1


def test_a_card_whose_metrics_are_named_by_enumerations_is_kept(shop: Shop, tmp_path: Path) -> None:
    publish_sealed(shop.engine, tmp_path, "a", metrics={"differences": {Baseline.POPULAR_14D: {Metric.NDCG: None}}})
    assert shop.value("SELECT card #> '{metrics,differences,popular_14d}' FROM models") == {"ndcg_at_5": None}


def test_rollbacks_walk_back_and_an_activation_starts_from_there(
    shop: Shop, tmp_path: Path, versions: list[str]
) -> None:
    a, b, c = versions
    assert activate(shop, tmp_path, b)
    assert activate(shop, tmp_path, c)
    assert [roll_back(shop, tmp_path), roll_back(shop, tmp_path), active(shop)] == [b, a, a]
    with pytest.raises(InputError, match=rf"active='{a}' has nothing before it"):
        roll_back(shop, tmp_path)
    assert activate(shop, tmp_path, c)
    assert roll_back(shop, tmp_path) == a  # b was taken back, and c came after a


def test_activating_what_is_active_adds_nothing_to_go_back_to(shop: Shop, tmp_path: Path, versions: list[str]) -> None:
    assert activate(shop, tmp_path, versions[1])
    assert not activate(shop, tmp_path, versions[1])
    assert roll_back(shop, tmp_path) == versions[0]


def test_a_model_that_is_worse_beyond_noise_needs_a_reason(shop: Shop, tmp_path: Path, versions: list[str]) -> None:
    worse = publish_sealed(shop.engine, tmp_path, "d", metrics=WORSE)
    with pytest.raises(InputError, match=r"is refused: its NDCG@5 is 0\.0200 below .*--force --reason TEXT"):
        activate(shop, tmp_path, worse)
    assert active(shop) == versions[0]
    assert activate(shop, tmp_path, worse, forced_reason="the window held a holiday")
    assert shop.rows("SELECT version, forced_reason FROM model_activations ORDER BY id")[-1] == (
        worse,
        "the window held a holiday",
    )


def test_a_first_model_that_is_worse_waits_for_somebody_to_take_it(shop: Shop, tmp_path: Path) -> None:
    publish_sealed(shop.engine, tmp_path, "d", metrics=WORSE)
    assert active(shop) is None


def test_a_training_that_is_to_be_mailed_and_is_worse_is_registered_and_not_activated(
    shop: Shop, tmp_path: Path, versions: list[str]
) -> None:
    worse = publish_sealed(shop.engine, tmp_path, "d", metrics=WORSE, activate_it=True)
    better = publish_sealed(shop.engine, tmp_path, "e", activate_it=True)
    assert shop.rows("SELECT version FROM model_activations ORDER BY id") == [(versions[0],), (better,)]
    assert shop.value("SELECT count(*) FROM models WHERE version = :version", version=worse) == 1


def test_a_model_within_noise_is_taken_without_a_reason(shop: Shop, tmp_path: Path, versions: list[str]) -> None:
    assert activate(shop, tmp_path, publish_sealed(shop.engine, tmp_path, "d", metrics=UNCLEAR))
    assert active(shop) not in versions


@pytest.mark.parametrize("how", ["missing", "cut", "another's"])
def test_a_file_that_is_not_what_was_registered_is_refused_whatever_the_reason(
    shop: Shop, tmp_path: Path, versions: list[str], how: str
) -> None:
    file = model_file(tmp_path, versions[1])
    if how == "missing":
        file.unlink()
    elif how == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.write_bytes(model_file(tmp_path, versions[2]).read_bytes())
    with pytest.raises(ModelError, match=versions[1]):
        activate(shop, tmp_path, versions[1], forced_reason="now")
    assert active(shop) == versions[0]


def test_a_rollback_to_a_file_that_is_gone_is_refused(shop: Shop, tmp_path: Path, versions: list[str]) -> None:
    activate(shop, tmp_path, versions[1])
    model_file(tmp_path, versions[0]).unlink()
    with pytest.raises(ModelError, match="does not exist"):
        roll_back(shop, tmp_path)
    assert active(shop) == versions[1]


def test_a_version_that_nobody_registered_is_named(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="version='2026-01-01-abc' is no registered model"):
        activate(shop, tmp_path, "2026-01-01-abc")


def test_of_two_first_models_at_once_the_second_waits_and_is_not_activated(shop: Shop, tmp_path: Path) -> None:
    a, b = (publish_sealed(shop.engine, tmp_path, name) for name in "ab")
    shop.rows("DELETE FROM model_activations")
    answers = []

    def second() -> None:
        with transaction(shop.engine) as connection:
            answers.append(rollout.activate_if_first(connection, version=b))

    def check_that_it_waits() -> None:
        if not shop.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            raise NotReadyError("nobody waits")

    thread = Thread(target=second)
    with transaction(shop.engine) as connection:
        assert rollout.activate_if_first(connection, version=a)
        thread.start()
        wait_until_ready(check_that_it_waits, what="the second training", deadline_s=30)
    thread.join(timeout=30)
    assert answers == [False]
    assert active(shop) == a


def test_a_version_that_would_leave_its_folder_is_refused_by_the_database(shop: Shop) -> None:
    with pytest.raises(IntegrityError, match="ck_models_version"):
        shop.rows(
            "INSERT INTO models (version, sha256, file_bytes, trained_on, card) VALUES ('../x', '', 0, now(), '{}')"
        )
