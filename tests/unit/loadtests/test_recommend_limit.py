"""The recommender's benchmark: the people it invents, and a limit made of every step."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from loadtests import bench_recommend
from loadtests.recommend_limit import measure_limit
from loadtests.recommend_workload import Workload, invent_workload

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def workload() -> Workload:
    return invent_workload(products=500, neighbours=20, users=2_000)


def test_the_same_sizes_make_the_same_work(workload: Workload) -> None:
    again = invent_workload(products=500, neighbours=20, users=2_000)
    assert again.graph == workload.graph
    assert again.histories == workload.histories


def test_people_bought_as_many_products_as_the_target_speaks_of(workload: Workload) -> None:
    lengths = [len(history.bought) for history in workload.histories.values()]
    assert 15 <= np.median(lengths) <= 22


def test_everybody_who_bought_something_is_in_one_batch(workload: Workload) -> None:
    batches = workload.batches(64)
    assert sum(len(feeds["history"]) for feeds in batches) == sum(bool(h.bought) for h in workload.histories.values())


def test_a_limit_counts_every_step(workload: Workload) -> None:
    limit = measure_limit(workload.neighbours, workload.batches(64)[-1]["history"])
    assert set(limit.steps_s) == {"write the rows", "gather", "add", "maxima", "search", "explain"}
    assert all(0 < step_s < 1 for step_s in limit.steps_s.values())
    assert limit.kernels_s == pytest.approx(sum(limit.steps_s.values()))
    assert limit.streaming_s > 0


def test_a_device_that_does_not_exist_is_refused() -> None:
    app = bench_recommend.typer.Typer()
    app.command()(bench_recommend.main)
    done = CliRunner().invoke(app, ["--device", "abacus"])
    assert done.exit_code == 2
    assert "neither cpu nor cuda" in done.output
