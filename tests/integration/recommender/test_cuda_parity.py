"""CPU and CUDA recommend the same, up to products whose scores are as good as equal."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from system.recommender.fitting import Fitted
from system.recommender.graph import build_graph
from system.recommender.hyper_parameters import HyperParameters
from system.recommender.model_file import OUTPUTS
from system.recommender.neighbours import cut_neighbours
from system.recommender.session import Session
from system.recommender.shelf import History, Shelf
from system.recommender.trial_scorer import open_fitted

if TYPE_CHECKING:
    from pathlib import Path

    from system.recommender.neighbours import Neighbours

pytestmark = pytest.mark.integration

SEED, PRODUCTS, USERS, LENGTH = 20261121, 2_000, 500, 30
TOLERANCE = 1e-4
"""Relative: CUDA adds up to some hundred float32 in whatever order its threads come, each sum off by about 1e-7."""


@pytest.fixture(scope="module", autouse=True)
def cuda() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "system.recommender.cuda_trial"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no GPU for ONNX Runtime: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture(scope="module")
def neighbours() -> Neighbours:
    print(f"seed {SEED}")  # noqa: T201  # a failure is repeated with it
    rng = np.random.default_rng(SEED)
    weights = rng.random((PRODUCTS, PRODUCTS), dtype=np.float32)
    np.fill_diagonal(weights, 0.0)
    return cut_neighbours(weights, demand=rng.random(PRODUCTS).astype(np.float32), keep=100)


def test_scores_agree_within_the_tolerance_and_products_up_to_ties(neighbours: Neighbours, tmp_path: Path) -> None:
    content = build_graph(neighbours).SerializeToString()
    rng = np.random.default_rng(SEED)
    history = np.argsort(rng.random((USERS, PRODUCTS)), axis=1)[:, :LENGTH].astype(np.int32)
    feeds = {"history": history, "bonus": np.zeros(history.shape, dtype=np.float32), "excluded": history}
    rules = Shelf.plain(range(PRODUCTS)).by_row(np.arange(PRODUCTS))
    on_cpu, scores, _ = Session.open(content, path=tmp_path, device="cpu").run(OUTPUTS, feeds, rules)
    on_cuda, cuda_scores, _ = Session.open(content, path=tmp_path, device="cuda").run(OUTPUTS, feeds, rules)
    np.testing.assert_allclose(cuda_scores, scores, rtol=TOLERANCE)
    # Another product in a place is allowed where its score is the same within the tolerance, as the line above says.
    assert (on_cpu == on_cuda).mean() > 0.99


def test_rules_that_change_between_batches_are_obeyed_on_the_device(neighbours: Neighbours) -> None:
    fitted = Fitted(np.arange(PRODUCTS), neighbours, np.arange(PRODUCTS))
    scorer = open_fitted(fitted, parameters=HyperParameters(), device="cuda")
    bought = {1: History([3, 5, 8])}
    first = scorer.recommend(bought, shelf=Shelf.plain(range(PRODUCTS)))[1].product_ids
    left = [product for product in range(PRODUCTS) if product not in first]
    second = scorer.recommend(bought, shelf=Shelf.plain(left))[1].product_ids
    assert len(second) == len(first) == 5
    assert not set(first) & set(second)
