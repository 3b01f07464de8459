"""Which models answer for a campaign, over a real database: pinned once, replaced after patience, tried on a share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest
from trained_models import publish_sealed

from system.errors import ModelError
from system.metrics import SHADOW_BATCHES
from system.pipeline.dispatch import start_campaign
from system.pipeline.panel import panel_for
from system.pipeline.shadow import observe
from system.recommender.recommendation import Recommendation, Source
from system.recommender.rollout import activate, roll_back
from system.recommender.shelf import History, Shelf
from system.storage import model_pins, shadows
from system.storage.database import transaction
from system.storage.leftovers import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shop_world import Shop

    from system.pipeline.panel import Panel
    from system.recommender.model_cache import ModelCache
    from system.storage.model_pins import Pins

pytestmark = pytest.mark.integration

PEOPLE: dict[int, list[int]] = {user: [] for user in range(1, 1_001)}


@dataclass
class Scores:
    """Stands for a loaded model: everybody gets the same products."""

    version: str
    products: list[int]

    def recommend(self, histories: Mapping[int, object], **_how: object) -> dict[int, Recommendation]:
        answer = Recommendation(Source.HISTORY, self.products, [0] * len(self.products))
        return dict.fromkeys(histories, answer)


@dataclass
class Models:
    """Stands for a worker's models; those in `broken` have no usable file."""

    products: dict[str, list[int]]
    broken: set[str] = field(default_factory=set)

    def get(self, version: str) -> Scores:
        if version in self.broken:
            raise ModelError(f"{version} is broken")
        return Scores(version, self.products[version])


@dataclass
class World:
    shop: Shop
    folder: Path
    models: Models
    versions: list[str]

    def start(self, week: str = "2026-W47") -> int:
        started = start_campaign(self.shop.engine, newsletter="weekly-recos", week_key=week, triggered_by="test")
        return started.campaign_id

    def pins(self, campaign_id: int) -> Pins:
        with transaction(self.shop.engine) as connection:
            pins = model_pins.pins_of(connection, campaign_id=campaign_id)
        assert pins is not None
        return pins

    def panel(self, campaign_id: int, *, patience_s: float = 300.0) -> Panel:
        return panel_for(
            self.shop.engine,
            campaign_id=campaign_id,
            pins=self.pins(campaign_id),
            models=cast("ModelCache", self.models),
            patience_s=patience_s,
        )


@pytest.fixture
def world(shop: Shop, tmp_path: Path) -> World:
    """Two models, the first one active, and a newsletter."""
    shop.add_newsletter()
    versions = [publish_sealed(shop.engine, tmp_path, name) for name in "ab"]
    products = {version: list(range(first, first + 5)) for version, first in zip(versions, (1, 4), strict=True)}
    return World(shop, tmp_path, Models(products), versions)


def test_a_campaign_keeps_the_model_it_was_created_with(world: World) -> None:
    a, b = world.versions
    first = world.start()
    with transaction(world.shop.engine) as connection:
        activate(connection, folder=world.folder, version=b)
    second = world.start("2026-W48")
    assert (world.panel(first).version, world.panel(second).version) == (a, b)


def test_a_campaign_from_before_the_first_model_is_pinned_by_the_first_worker_that_finds_one(world: World) -> None:
    a, b = world.versions
    world.shop.rows("DELETE FROM model_activations")
    campaign_id = world.start()
    with pytest.raises(ModelError, match="no model is active"):
        world.panel(campaign_id)
    with transaction(world.shop.engine) as connection:
        activate(connection, folder=world.folder, version=a)
    assert world.panel(campaign_id).version == a
    with transaction(world.shop.engine) as connection:
        activate(connection, folder=world.folder, version=b)
    assert world.panel(campaign_id).version == a


def test_looking_pins_nothing(world: World) -> None:
    campaign_id = world.start()
    world.shop.rows("UPDATE campaigns SET model_version = NULL")
    with transaction(world.shop.engine) as connection:
        pins = model_pins.pins_at_rest(connection, campaign_id=campaign_id)
    assert pins is not None
    assert pins.model_version is None


def test_a_model_without_a_file_is_waited_for_and_the_first_worker_starts_the_clock(world: World) -> None:
    campaign_id = world.start()
    world.models.broken = {world.versions[0]}
    seen = []
    for _ in range(2):
        with pytest.raises(ModelError, match="is broken"):
            world.panel(campaign_id)
        seen.append(world.shop.value("SELECT model_unusable_since FROM campaigns"))
    assert seen[0] == seen[1] is not None
    world.models.broken.clear()
    assert world.panel(campaign_id).version == world.versions[0]
    assert world.pins(campaign_id).unusable_s is None


def test_after_patience_the_version_that_was_active_last_stands_in(world: World) -> None:
    a, b = world.versions
    with transaction(world.shop.engine) as connection:
        activate(connection, folder=world.folder, version=b)
    campaign_id = world.start()
    world.models.broken = {b}
    with pytest.raises(ModelError):
        world.panel(campaign_id)
    world.shop.rows("UPDATE campaigns SET model_unusable_since = clock_timestamp() - interval '301 s'")
    assert world.panel(campaign_id).version == a
    assert world.pins(campaign_id).model_version == b  # the file may come back
    world.models.broken.clear()
    assert world.panel(campaign_id).version == b


def test_when_no_model_can_be_loaded_people_get_what_is_popular_with_the_reason(world: World) -> None:
    shop = world.shop
    mug, lamp = shop.add_products(2)
    shop.rows("INSERT INTO orders (user_id, product_id) VALUES (:user, :lamp)", user=shop.add_user(), lamp=lamp)
    campaign_id = world.start()
    world.models.broken = set(world.versions)
    with pytest.raises(ModelError):
        world.panel(campaign_id)
    shop.rows("UPDATE campaigns SET model_unusable_since = clock_timestamp() - interval '301 s'")
    panel = world.panel(campaign_id)
    found = panel.recommend({1: History([]), 2: History([lamp])}, shelf=Shelf.plain([mug, lamp]), buy_again=False)
    assert found == {
        1: Recommendation(Source.MODEL_UNUSABLE, [lamp, mug], [0, 0]),
        2: Recommendation(Source.MODEL_UNUSABLE, [mug], [0]),
    }
    assert panel.version_for(1) == "popular"


def test_a_rollback_changes_what_is_under_way_only_when_asked(world: World) -> None:
    a, b = world.versions
    with transaction(world.shop.engine) as connection:
        activate(connection, folder=world.folder, version=b)
    campaign_id = world.start()
    with transaction(world.shop.engine) as connection:
        version = roll_back(connection, folder=world.folder)
    assert (version, world.panel(campaign_id).version) == (a, b)
    with transaction(world.shop.engine) as connection:
        assert model_pins.move_open_campaigns(connection, version=version) == 1
    assert world.panel(campaign_id).version == a


def test_a_challenger_answers_for_its_share_and_each_job_says_who(world: World) -> None:
    a, b = world.versions
    with transaction(world.shop.engine) as connection:
        assert model_pins.set_challenger(connection, newsletter="weekly-recos", version=b, share=0.2)
    panel = world.panel(world.start())
    found = panel.recommend(PEOPLE)
    answered_by = {user: panel.version_for(user) for user in PEOPLE}
    assert sum(version == b for version in answered_by.values()) == pytest.approx(200, abs=40)
    assert all(found[user].product_ids == world.models.products[answered_by[user]] for user in PEOPLE)
    assert panel.version == a


def test_a_trial_begins_with_the_next_campaign(world: World) -> None:
    running = world.start()
    with transaction(world.shop.engine) as connection:
        model_pins.set_challenger(connection, newsletter="weekly-recos", version=world.versions[1], share=0.5)
    assert set(map(world.panel(running).version_for, PEOPLE)) == {world.versions[0]}
    assert set(map(world.panel(world.start("2026-W48")).version_for, PEOPLE)) == set(world.versions)


def test_nobody_waits_for_a_challenger_without_a_file(world: World) -> None:
    a, b = world.versions
    with transaction(world.shop.engine) as connection:
        model_pins.set_challenger(connection, newsletter="weekly-recos", version=b, share=0.5)
    world.models.broken = {b}
    assert set(map(world.panel(world.start()).version_for, PEOPLE)) == {a}


def test_a_shadow_is_compared_once_a_batch_and_not_mailed(world: World) -> None:
    campaign_id = world.start()
    panel = world.panel(campaign_id)
    panel.recommend(PEOPLE)
    assert panel.answered is not None
    batch = Batch(campaign_id=campaign_id, first_id=1, last_id=1_000)
    models = cast("ModelCache", world.models)
    compared = SHADOW_BATCHES.labels(world.versions[1], "compared")
    before = compared.collect()[0].samples[0].value
    for _ in range(2):
        observe(world.shop.engine, batch=batch, version=world.versions[1], models=models, answered=panel.answered)
    assert compared.collect()[0].samples[0].value == before + 2  # the second time as well: nothing failed
    with transaction(world.shop.engine) as connection:
        [total] = shadows.totals(connection, campaign_id=campaign_id)
    # 1..5 are mailed and the shadow says 4..8: two of five, and never the same first one.
    assert (total.users, total.batches, total.same_first) == (1_000, 1, 0)
    assert total.mean_overlap == pytest.approx(0.4)
    assert (total.batch_products, total.batch_mailed_products) == (5, 5)


def test_a_shadow_that_fails_is_only_logged(world: World) -> None:
    campaign_id = world.start()
    panel = world.panel(campaign_id)
    panel.recommend(PEOPLE)
    assert panel.answered is not None
    batch = Batch(campaign_id=campaign_id, first_id=1, last_id=1_000)
    models = cast("ModelCache", Models({}))
    observe(world.shop.engine, batch=batch, version="2026-01-01-x", models=models, answered=panel.answered)
    assert world.shop.value("SELECT count(*) FROM shadow_batches") == 0
