"""Two runs are compared beyond their noise, beyond what matters, and only where they can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from slo_reports import run_folder
from slo_reports.comparability import differences
from slo_reports.compare import BETTER, INCONCLUSIVE, SAME, WORSE, Comparison, IncomparableError, compare
from slo_reports.quantities import numbers
from slo_reports.run_folder import RunFolder
from slo_reports.samples import DRAWS, Percentile, Ratio, Share, Single
from slo_reports.tables import Run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

QUIET = {"reference_loop_ms": {"min": 9.0, "p50": 10.0, "p90": 11.0}, "spread": 0.1}
FACTS: dict[str, Any] = {
    "run_id": "run",
    "profile": "smoke",
    "state": "finished",
    "campaign": {"mails_per_s": 10.0},
    "mode": {"users": 100, "outage_s": 20.0},
    "environment": {"cpu_model": "Z80", "cores": 2, "noise": {"before": QUIET, "after": QUIET}},
}


def written(
    folder: Path,
    *,
    response_ms: float = 5.0,
    failed: int = 0,
    recovery_s: float = 0.5,
    **facts: Any,
) -> RunFolder:
    """100 s of ten mails each with an outage from 40 s to 60 s, 400 posts, 1,000 jobs."""
    folder.mkdir()
    run = RunFolder(folder)
    run.write_facts({**FACTS, "run_id": folder.name, **facts})
    seconds = [second for second in range(100) if second < 40 or second >= 60]
    run.write_lines(
        run_folder.LEDGER,
        [
            {
                "seq": n,
                "kind": "accepted",
                "received_at": second + k / 10 if second < 60 else max(second + k / 10, 60 + recovery_s),
            }
            for n, (second, k) in enumerate((second, k) for second in seconds for k in range(10))
        ],
    )
    run.write_lines(
        run_folder.HISTORY,
        [
            {"at": 40.0, "actor": "nemesis", "type": "ok", "f": "inject", "value": {}},
            {"at": 60.0, "actor": "nemesis", "type": "ok", "f": "heal", "value": {}},
        ],
    )
    run.write_lines(
        run_folder.REQUESTS,
        [
            {"n": n, "user": "provider", "intended_at": n / 4, "done_at": n / 4 + response_ms * (1 + n % 7 / 50) / 1000,
             "status": 204, "dropped": False}
            for n in range(400)
        ],
    )  # fmt: skip
    run.write_lines(
        run_folder.JOBS,
        [{"job_id": n, "user_id": n, "status": "failed" if n < failed else "delivered"} for n in range(1000)],
    )
    run.seal()
    return run


def row(comparison: Comparison, name: str) -> dict[str, Any]:
    return next(row for row in comparison.rows if row["name"] == name)


def compared(run: RunFolder, baseline: RunFolder, *, force: bool = False) -> Comparison:
    with Run(run) as ours, Run(baseline) as theirs:
        return compare(ours, theirs, force=force)


def test_a_run_has_the_numbers_that_its_files_hold(tmp_path: Path) -> None:
    with Run(written(tmp_path / "run", failed=3)) as run:
        found = numbers(run)

    assert found["accept_rate"] == 10.0
    assert found["use_of_the_limit"] == 1.0
    assert found["first_accept_s"] == 0.5
    assert found["full_rate_s"] == 0.5
    assert found["webhook_p50_ms"] == pytest.approx(5.3, abs=1e-6)
    assert found["webhook_p99_ms"] == pytest.approx(5.6, abs=1e-6)
    assert found["failures"] == 0.003
    assert "freshness_p99_ms" not in found, "there is no inbox"
    assert "cpu_s_per_mail" not in found, "no process was watched"


def test_a_run_is_the_same_as_itself(tmp_path: Path) -> None:
    run = written(tmp_path / "run")

    comparison = compared(run, run)

    assert {row["verdict"] for row in comparison.rows if row["value"] is not None} == {SAME}
    assert comparison.regressed == []
    assert comparison.differences == []


def test_a_slower_webhook_is_worse_and_its_interval_excludes_zero(tmp_path: Path) -> None:
    comparison = compared(written(tmp_path / "slow", response_ms=30.0), written(tmp_path / "fast"))

    slower = row(comparison, "webhook_p99_ms")
    assert slower["verdict"] == WORSE
    assert slower["delta"] == pytest.approx(28.0, abs=0.01)
    assert 0 < slower["interval"][0] <= slower["delta"] <= slower["interval"][1]
    assert comparison.regressed == ["webhook_p50_ms", "webhook_p99_ms"]


def test_a_faster_webhook_is_better(tmp_path: Path) -> None:
    comparison = compared(written(tmp_path / "fast"), written(tmp_path / "slow", response_ms=30.0))

    assert row(comparison, "webhook_p99_ms")["verdict"] == BETTER
    assert comparison.regressed == []


def test_a_change_that_is_certain_but_small_is_no_change(tmp_path: Path) -> None:
    comparison = compared(written(tmp_path / "run", response_ms=6.0), written(tmp_path / "baseline"))

    slower = row(comparison, "webhook_p99_ms")
    assert slower["interval"][0] > 0
    assert slower["verdict"] == SAME


def test_one_failure_in_a_thousand_is_within_the_noise_and_fifty_are_not(tmp_path: Path) -> None:
    baseline = written(tmp_path / "baseline")

    one = row(compared(written(tmp_path / "one", failed=1), baseline), "failures")
    fifty = row(compared(written(tmp_path / "fifty", failed=50), baseline), "failures")

    assert (one["delta"], one["verdict"]) == (0.001, SAME)
    assert (fifty["delta"], fifty["verdict"]) == (0.05, WORSE)


def test_a_recovery_has_no_interval_and_is_worse_by_what_matters_alone(tmp_path: Path) -> None:
    comparison = compared(written(tmp_path / "run", recovery_s=3.0), written(tmp_path / "baseline"))

    assert row(comparison, "first_accept_s")["interval"] is None
    assert row(comparison, "first_accept_s")["verdict"] == WORSE


def test_on_another_machine_nothing_is_called_worse(tmp_path: Path) -> None:
    elsewhere = {**FACTS["environment"], "cpu_model": "6502"}

    comparison = compared(
        written(tmp_path / "run", response_ms=30.0, environment=elsewhere), written(tmp_path / "baseline")
    )

    assert comparison.differences == ["environment.cpu_model: 6502, Z80 in the baseline"]
    assert row(comparison, "webhook_p99_ms")["verdict"] == INCONCLUSIVE
    assert row(comparison, "failures")["verdict"] == SAME
    assert comparison.regressed == []


def test_a_noisier_machine_is_named() -> None:
    slow = {"reference_loop_ms": [14.0, 15.0, 16.0]}
    facts = {"environment": {**FACTS["environment"], "noise": {"before": slow, "after": slow}}}
    here = {**FACTS, **facts}

    assert differences(here, FACTS) == ["environment.noise: the reference loop took 15.0 ms, 10.0 ms in the baseline"]


def test_a_machine_whose_noise_nobody_measured_is_named() -> None:
    environment = {key: value for key, value in FACTS["environment"].items() if key != "noise"}

    assert differences({**FACTS, "environment": environment}, FACTS) == ["environment.noise: not measured in both runs"]


def test_versions_may_differ_for_they_are_what_is_compared() -> None:
    environment = {**FACTS["environment"], "python": "3.14.0"}

    assert differences({**FACTS, "environment": environment, "git": {"sha": "f00"}}, FACTS) == []


def test_another_profile_is_refused_unless_forced(tmp_path: Path) -> None:
    run, baseline = written(tmp_path / "run", profile="full"), written(tmp_path / "baseline")

    with pytest.raises(IncomparableError, match=r"profile is 'full' here and 'smoke' in the baseline.*--force"):
        compared(run, baseline)
    assert compared(run, baseline, force=True).rows


def test_the_same_seed_draws_the_same_intervals(tmp_path: Path) -> None:
    run, baseline = written(tmp_path / "run", response_ms=30.0), written(tmp_path / "baseline")

    assert json.dumps(compared(run, baseline).rows) == json.dumps(compared(run, baseline).rows)


def test_a_dropped_post_is_slower_than_any_other() -> None:
    latencies = np.array([1.0, 2.0, np.inf])

    assert Percentile(latencies, 0.99).value == np.inf
    assert Percentile(latencies, 0.5).value == 2.0


def test_percentiles_are_drawn_as_resampling_would() -> None:
    values = np.arange(1, 1001, dtype=np.float64)
    random = np.random.default_rng(1)

    drawn = Percentile(values, 0.99).draw(random)
    resampled = [np.sort(random.choice(values, 1000))[989] for _ in range(DRAWS)]

    assert drawn is not None
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx(np.quantile(resampled, [0.025, 0.975]), abs=1.5)


def test_a_ratio_is_drawn_around_its_value_and_bounded_in_size() -> None:
    mails = np.random.default_rng(1).poisson(100, 60_000).astype(np.float64)
    drawn = Ratio(mails, np.ones(60_000)).draw(np.random.default_rng(2))

    assert drawn is not None
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert low < mails.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * mails.std() / 60_000**0.5, rel=0.1)


def test_no_failure_among_a_thousand_is_not_certainly_none() -> None:
    drawn = Share(0, 1000).draw(np.random.default_rng(1))

    assert drawn is not None
    assert 0.001 < np.quantile(drawn, 0.975) < 0.004


@pytest.mark.parametrize(
    "sample", [Single(1.0), Share(0, 0), Percentile(np.array([1.0]), 0.5), Ratio(np.ones(1), np.ones(1))]
)
def test_one_value_has_no_spread(sample: Single | Share | Percentile | Ratio) -> None:
    assert sample.draw(np.random.default_rng(1)) is None
