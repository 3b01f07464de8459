"""What `report.json` says of literal runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from report_world import (
    FACTS,
    HISTORY,
    JOBS,
    LEDGER,
    REQUESTS,
    SAMPLES,
    START,
    VERDICTS,
    a_folder,
    done,
    invariant,
    job,
    move,
    objective,
    post,
    receipt,
)

from slo_reports import run_folder
from slo_reports.compare import Comparison
from slo_reports.report import build_report
from slo_reports.tables import Run
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from pathlib import Path

    from slo_reports.verdict import Verdict

pytestmark = pytest.mark.unit


def report_of(
    path: Path,
    *,
    verdicts: list[Verdict] = VERDICTS,
    facts: dict[str, Any] | None = None,
    files: dict[str, list[dict[str, Any]]] | None = None,
    **given: Any,
) -> dict[str, Any]:
    with Run(a_folder(path, facts, files)) as run:
        return build_report(run, verdicts, **given)


def panel(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in report["timeline"]["panels"] if each["id"] == name)


def difference(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in report["reconciliation"]["differences"] if each["name"] == name)


def test_all_met_is_said_with_the_size_and_the_outage(tmp_path: Path) -> None:
    sentence = report_of(tmp_path)["verdict"]["sentence"].replace("\N{NO-BREAK SPACE}", " ")
    assert (
        sentence
        == "Met: 1 of 1 objective and 1 of 1 invariant held for 4 users through a provider outage of 20 seconds."
    )


def test_a_violated_invariant_stands_before_a_missed_objective(tmp_path: Path) -> None:
    report = report_of(tmp_path, verdicts=[objective(Status.MISSED), invariant(status=Status.MISSED)])
    assert report["verdict"]["outcome"] == "violated"
    assert report["verdict"]["exit_code"] == 2
    assert report["verdict"]["sentence"].startswith("Violated: 1 of 1 invariant for 4 users")


def test_a_missed_objective_is_named(tmp_path: Path) -> None:
    report = report_of(tmp_path, verdicts=[objective(Status.MISSED), invariant()])
    assert report["verdict"]["outcome"] == "missed"
    assert report["verdict"]["sentence"].startswith("Missed: 1 of 1 objective for 4 users")


def test_an_interrupted_run_is_never_met(tmp_path: Path) -> None:
    report = report_of(tmp_path, facts={"state": "interrupted", "reason": "Ctrl-C"})
    assert report["verdict"]["outcome"] == "inconclusive"
    assert report["verdict"]["sentence"] == "Inconclusive: the run was interrupted (Ctrl-C)."
    assert report["limits"][0].startswith("The run did not reach its end")


def test_only_a_full_run_may_claim_the_headlines(tmp_path: Path) -> None:
    full = {"kind": "full", "compression": 1.0, "users": 100_000, "outage_s": 600.0, "deadline_s": 7200.0}
    assert report_of(tmp_path / "full", facts={"mode": full})["mode"]["no_claims"] == []
    hurried = report_of(tmp_path / "hurried", facts={"mode": {**full, "kind": "compressed"}})
    assert len(hurried["mode"]["no_claims"]) == 2
    compressed = report_of(tmp_path / "small")
    assert compressed["mode"]["label"] == "COMPRESSED k = 50"
    assert "that 100,000 users are done within 2 hours" in compressed["mode"]["no_claims"]
    assert "It does not show that 100,000 users are done within 2 hours." in compressed["limits"]


def test_second_zero_is_the_campaigns_start(tmp_path: Path) -> None:
    early = [{"at": START - 5, "at_s": -5, "jobs": {"pending": 4}, "breaker": "closed"}, *SAMPLES]
    timeline = report_of(tmp_path, files={run_folder.SAMPLES: early})["timeline"]
    assert timeline["from_s"] == -5
    assert timeline["step_s"] == 1


def test_receipts_are_counted_by_second(tmp_path: Path) -> None:
    values = panel(report_of(tmp_path), "accepts")["series"][0]["values"]
    assert {second: value for second, value in enumerate(values) if value} == {1: 2, 31: 2}


def test_a_long_run_has_coarser_steps(tmp_path: Path) -> None:
    late = [*LEDGER, receipt(5, at=1_700)]
    report = report_of(tmp_path, files={run_folder.LEDGER: late})
    assert report["timeline"]["step_s"] == 3
    assert report["timeline"]["points"] == 567
    assert sum(panel(report, "accepts")["series"][0]["values"]) * 3 == pytest.approx(5, abs=0.1)


def test_a_sample_that_comes_late_leaves_no_gap(tmp_path: Path) -> None:
    late = [{**sample, "at": sample["at"] + 0.9} if n == 7 else sample for n, sample in enumerate(SAMPLES) if n != 8]
    values = panel(report_of(tmp_path, files={run_folder.SAMPLES: late}), "backlog")["series"][0]["values"]
    assert values[:11] == [4] * 10 + [3]


def test_samples_that_stop_are_a_gap(tmp_path: Path) -> None:
    values = panel(report_of(tmp_path, files={run_folder.SAMPLES: SAMPLES[:10]}), "backlog")["series"][0]["values"]
    assert values[:14] == [4] * 12 + [None] * 2


def test_the_busiest_programs_are_named_and_the_others_summed(tmp_path: Path) -> None:
    programs = [
        {"at": START, "program": f"p{n}", "cpu_percent": float(n), "rss_mb": 1.0, "fds": 1} for n in range(1, 10)
    ]
    series = panel(report_of(tmp_path, files={run_folder.PROCESSES: programs}), "cpu")["series"]
    assert [each["name"] for each in series] == ["p9", "p8", "p7", "p6", "p5", "p4", "others"]
    assert series[-1]["values"][0] == 1 + 2 + 3


def test_a_fault_has_its_window_its_effects_and_its_recovery(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    (fault,) = report["faults"]["injections"]
    assert (fault["from_s"], fault["to_s"], fault["injected"], fault["healed"]) == (10, 30, True, True)
    assert fault["effects"] == [{"at_s": 20, "observed": 19, "how": "refused connections"}]
    assert fault["recovery"] == {"accepted_during": 0, "first_accept_s": 1.4, "full_rate_s": None}
    assert report["recovery"]["ended_after_healing_s"] == 10
    assert report["timeline"]["windows"] == [{"fault": "F01", "name": "provider_outage", "from_s": 10, "to_s": 30}]


def test_the_same_fault_may_come_twice(tmp_path: Path) -> None:
    again = [move("inject", "invoke", at=32), move("inject", "ok", at=32), move("heal", "ok", at=35)]
    faults = report_of(tmp_path, files={run_folder.HISTORY: [*HISTORY, *again]})["faults"]["injections"]
    assert [(fault["from_s"], fault["to_s"]) for fault in faults] == [(10, 30), (32, 35)]


def test_a_fault_that_never_healed_has_no_end(tmp_path: Path) -> None:
    history = [line for line in HISTORY if line["f"] != "heal"]
    report = report_of(tmp_path, files={run_folder.HISTORY: history})
    (fault,) = report["faults"]["injections"]
    assert (fault["to_s"], fault["healed"], fault["recovery"]) == (None, False, None)


def test_a_fault_without_effect_is_among_the_limits(tmp_path: Path) -> None:
    history = [line for line in HISTORY if line["f"] != "effect"]
    limits = report_of(tmp_path, files={run_folder.HISTORY: history})["limits"]
    assert any("F01 provider outage showed no effect" in limit for limit in limits)


def test_an_operators_hand_is_counted(tmp_path: Path) -> None:
    history = [*HISTORY, done("resume_campaign", "ok", at=35, actor="operator")]
    assert report_of(tmp_path, files={run_folder.HISTORY: history})["recovery"]["operator_actions"] == 1


def test_ghosts_phantoms_duplicates_and_unknowns_have_their_ids(tmp_path: Path) -> None:
    ledger = [receipt(1, at=1), receipt(1, at=2), receipt(2, at=3), receipt(99, at=4, campaign=2)]
    jobs = [job(1), job(2, "failed", "x"), job(3, "accepted"), job(4, "indeterminate", "no evidence")]
    report = report_of(tmp_path, files={run_folder.LEDGER: ledger, run_folder.JOBS: jobs})
    found = {name: difference(report, name)["ids"] for name in ("ghost", "phantom", "duplicate", "unknown")}
    assert found == {"ghost": ["job 2"], "phantom": ["job 3"], "duplicate": ["job 1"], "unknown": ["job 4"]}


def test_at_most_fifty_ids_are_listed_of_all_that_are_counted(tmp_path: Path) -> None:
    report = report_of(tmp_path, files={run_folder.JOBS: [job(number) for number in range(1, 131)]})
    assert difference(report, "phantom")["count"] == 126
    assert len(difference(report, "phantom")["ids"]) == 50


def test_endings_are_counted_with_their_reasons(tmp_path: Path) -> None:
    endings = report_of(tmp_path, files={run_folder.JOBS: JOBS})["reconciliation"]["endings"]
    assert {"status": "bounced", "reason": "550 no such user", "jobs": 1} in endings


def test_response_counts_from_the_instant_that_was_due_and_service_from_sending(tmp_path: Path) -> None:
    stalled = [post(n, due=n, took_ms=3_000, late_ms=2_990) for n in range(10)]
    curves = report_of(tmp_path, files={run_folder.REQUESTS: stalled})["latency"]["curves"]
    assert [(curve["id"], round(curve["max"])) for curve in curves] == [
        ("response", 3_000),
        ("service", 10),
        ("visible", 80),
    ]


def test_a_percentile_beyond_the_sample_is_unknown(tmp_path: Path) -> None:
    curve = report_of(tmp_path)["latency"]["curves"][0]
    known = {each["p"]: each["value"] is not None for each in curve["percentiles"]}
    assert known == {50.0: True, 90.0: True, 95.0: True, 99.0: True, 99.9: False, 99.99: False}
    assert curve["drawn"][-1][0] < 99.9


def test_dropped_and_unanswered_posts_are_in_no_curve_and_counted(tmp_path: Path) -> None:
    lost = [
        post(301, due=1, took_ms=9_000, dropped=True, status=0, sent_at=None, done_at=None),
        post(302, due=1, took_ms=9_000, status=0),
    ]
    report = report_of(tmp_path, files={run_folder.REQUESTS: [*REQUESTS, *lost]})
    assert report["latency"]["unanswered"] == {"dropped": 1, "no_answer": 1}
    assert report["latency"]["curves"][0]["max"] < 20
    assert (report["load"]["offered"], report["load"]["dropped"], report["load"]["failed"]) == (302, 1, 2)


def test_a_late_load_generator_is_among_the_limits(tmp_path: Path) -> None:
    late = [post(n, due=n / 10, took_ms=90, late_ms=60) for n in range(100)]
    limits = report_of(tmp_path, files={run_folder.REQUESTS: late})["limits"]
    assert any("load generator itself was late" in limit for limit in limits)


def test_attacks_are_counted_by_their_answers(tmp_path: Path) -> None:
    hostile = [
        post(400 + n, due=1, took_ms=5, user="forged", status=status) for n, status in enumerate((403, 403, 204))
    ]
    report = report_of(tmp_path, files={run_folder.REQUESTS: [*REQUESTS, *hostile]})
    assert report["load"]["attacks"] == [{"name": "forged", "posts": 3, "refused": 2, "taken": 1, "other": 0}]
    assert report["load"]["offered"] == 300


def test_a_dirty_tree_and_a_noisy_machine_are_among_the_limits(tmp_path: Path) -> None:
    noise = {"before": {"spread": 0.6}, "after": {"spread": 0.1}}
    limits = report_of(
        tmp_path, facts={"git": {"sha": "abc", "dirty": True}, "environment": {**FACTS["environment"], "noise": noise}}
    )["limits"]
    assert any("uncommitted changes" in limit for limit in limits)
    assert any("The machine was noisy" in limit for limit in limits)


def test_what_was_not_decided_is_listed_as_skipped(tmp_path: Path) -> None:
    report = report_of(tmp_path, verdicts=[objective(), invariant(status=Status.UNKNOWN, says="no attack was made")])
    assert report["skipped"] == [{"id": "I1", "name": "one_mail_per_user_week", "why": "no attack was made"}]


def test_what_shares_a_reason_is_told_once(tmp_path: Path) -> None:
    unknown = [invariant(number, Status.UNKNOWN, "the run broke off") for number in (1, 2)]
    assert "I1, I2 were not decided: the run broke off." in report_of(tmp_path, verdicts=unknown)["limits"]


def test_durations_that_were_not_scaled_stand_apart(tmp_path: Path) -> None:
    assert [row["name"] for row in report_of(tmp_path)["not_scaled"]] == ["probe_interval_s"]


def test_a_comparison_brings_its_rows_and_what_else_differed(tmp_path: Path) -> None:
    row = {"name": "webhook_p99_ms", "unit": "ms", "baseline": 20.0, "value": 30.0, "delta": 10.0,
           "interval": [5.0, 15.0], "verdict": "worse"}  # fmt: skip
    comparison = Comparison(run_id="literal-run", baseline_id="before", rows=[row], differences=["environment.cores"])
    assert report_of(tmp_path, baseline=comparison)["baseline"] == {
        "run_id": "before",
        "rows": [row],
        "differences": ["environment.cores"],
    }


def test_the_trend_holds_the_last_ten_runs(tmp_path: Path) -> None:
    lines = [
        {"run_id": f"r{n}", "profile": "smoke", "verdict": "met", "started": None, "numbers": {}} for n in range(12)
    ]
    runs = report_of(tmp_path, trend=lines)["trend"]["runs"]
    assert [line["run_id"] for line in runs] == [f"r{n}" for n in range(2, 12)]
