"""Model files for tests that need one: as a training leaves them, registered and active."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue, write_model
from system.recommender.model_folder import model_file
from system.recommender.rollout import publish
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Engine

TRAINED_ON = date(2026, 11, 21)


def write_version(folder: Path, products: Sequence[int], *, popular: Sequence[int] | None = None) -> str:
    """A file in which no two products are alike, so that everybody gets what is popular; its version."""
    draft = folder / ".in-training.onnx"
    rows = np.eye(len(products), dtype=np.float32)
    catalogue = Catalogue(products, popular or products)
    version = write_model(draft, build_graph(rows), catalogue=catalogue, trained_on=TRAINED_ON)
    draft.rename(model_file(folder, version))
    return version


def publish_version(
    engine: Engine,
    folder: Path,
    products: Sequence[int],
    *,
    popular: Sequence[int] | None = None,
    metrics: dict[str, Any] | None = None,
) -> str:
    """The same registered; active when it is the first one."""
    version = write_version(folder, products, popular=popular)
    card = {"version": version, "trained_on": TRAINED_ON.isoformat(), "metrics": metrics}
    with transaction(engine) as connection:
        publish(connection, folder=folder, card=card)
    return version
