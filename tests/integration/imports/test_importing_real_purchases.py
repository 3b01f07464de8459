from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from real_purchases import write_original_layout
from sqlalchemy import text

from system.imports.importing import import_online_retail
from system.imports.online_retail import LeftOut
from system.pipeline.choice import choose
from system.pipeline.shelf_rules import find_shelf
from system.recommender.recommendation import TOP, Source
from system.recommender.scorer import Scorer
from system.recommender.training import train
from system.storage.database import new_engine, transaction
from system.storage.histories import pasts

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def test_real_purchases_are_imported_learnt_from_and_recommended(database_url: str, tmp_path: Path) -> None:
    lines = write_original_layout(tmp_path / "retail.csv", since="2011-09-01")
    engine = new_engine(database_url)
    report = import_online_retail(engine, tmp_path / "retail.csv")
    assert report.purchases == lines
    assert report.left_out == {LeftOut.CANCELLED: 1, LeftOut.NO_CUSTOMER: 1, LeftOut.NO_PRODUCT: 2}

    trained = train(engine, path=tmp_path / "current.onnx", trained_on=date(2026, 11, 21))
    assert (trained.users, trained.products) == (report.users_added, report.products_added)

    with transaction(engine) as connection:
        customers = list(connection.execute(text("SELECT id FROM users")).scalars())
        known = pasts(connection, user_ids=customers, campaign_ids=[])
        shelf = find_shelf(connection, newsletter="weekly-recos")
    found = choose(Scorer.load(trained.path), known, on=shelf)
    family = dict(zip(shelf.shelf.product_ids.tolist(), shelf.shelf.family.tolist(), strict=True))
    assert len(set(family.values())) < 0.95 * len(family)  # some are variants
    by_history = [mail for mail in found.values() if mail.reason is Source.HISTORY]
    assert len(by_history) > 0.99 * len(customers)  # a few bought only what nobody else did
    for customer, mail in found.items():
        assert len({family[product] for product in mail.product_ids}) == TOP
        assert not set(mail.product_ids) & set(known[customer].bought)
        assert set(mail.because_ids) <= {0, *known[customer].bought}
    engine.dispose()
