"""Model files for tests that need one: as a training leaves them, registered and active."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto

from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue, write_model
from system.recommender.model_folder import model_file
from system.recommender.neighbours import Neighbours
from system.recommender.rollout import publish
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

TRAINED_ON = date(2026, 11, 21)


def write_version(folder: Path, products: Sequence[int]) -> str:
    """A file in which no two products are alike, so that everybody gets what is popular; its version."""
    draft = folder / ".in-training.onnx"
    nobody = np.full((len(products), 1), len(products), dtype=np.int32)
    neighbours = Neighbours(nobody, np.zeros((len(products), 1), dtype=np.float32))
    version = write_model(
        draft, build_graph(neighbours), catalogue=Catalogue(products, products), trained_on=TRAINED_ON
    )
    draft.rename(model_file(folder, version))
    return version


def publish_version(engine: Engine, folder: Path, products: Sequence[int]) -> str:
    """The same registered; active when it is the first one."""
    return _publish(engine, folder, write_version(folder, products), metrics=None)


def publish_sealed(
    engine: Engine, folder: Path, name: str, *, metrics: Mapping[str, Any] | None = None, activate_it: bool = False
) -> str:
    """A registered file that is whole, and that no worker could load; active when it is the first one."""
    draft = folder / ".in-training.onnx"
    version = write_model(draft, ModelProto(producer_name=name), catalogue=Catalogue([], []), trained_on=TRAINED_ON)
    draft.rename(model_file(folder, version))
    return _publish(engine, folder, version, metrics=metrics, activate_it=activate_it)


def _publish(
    engine: Engine, folder: Path, version: str, *, metrics: Mapping[str, Any] | None, activate_it: bool = False
) -> str:
    card = {"version": version, "trained_on": TRAINED_ON.isoformat(), "metrics": metrics}
    with transaction(engine) as connection:
        publish(connection, folder=folder, card=card, activate_it=activate_it)
    return version
