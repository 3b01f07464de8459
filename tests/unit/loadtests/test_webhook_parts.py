from __future__ import annotations

import json
from pathlib import Path

import pytest
from webhook_world import TARGETS

from loadtests.webhook.parts import merge_parts, write_live
from loadtests.webhook.plan import Plan
from loadtests.webhook.stages import parse_stages
from loadtests.webhook.targets import write_targets
from slo_reports.run_folder import REQUESTS, RunFolder

pytestmark = pytest.mark.unit

BEGAN_AT = 1_000.0


def request(at_s: float, **changed: object) -> str:
    line = {
        "n": 0, "user": "provider", "stage": "hold", "intended_at": BEGAN_AT + at_s, "sent_at": BEGAN_AT + at_s + 0.001,
        "done_at": BEGAN_AT + at_s + 0.011, "status": 204, "events": 10, "bytes": 100, "digest": "d", "event_ids": [],
        "error": None, "dropped": False,
    }  # fmt: skip
    return json.dumps(line | changed) + "\n"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    targets = tmp_path / "targets.jsonl"
    write_targets(targets, TARGETS)
    plan = Plan(
        run=tmp_path, signing_key=Path("key"), targets=targets, stages=parse_stages("warm-up:1s:100,hold:rest:500")
    )
    plan.parts.mkdir()
    for share in (0, 1):
        summary = {"share": share, "began_at": BEGAN_AT, "ended_at": BEGAN_AT + 11, "cpu_percent": 5.0 + share}
        (plan.parts / f"{share}-0.json").write_text(json.dumps(summary))
    return plan


def test_parts_become_one_file_in_the_order_of_time(plan: Plan) -> None:
    (plan.parts / "0-0.jsonl").write_text(request(3) + request(1))
    (plan.parts / "1-0.jsonl").write_text(request(2))
    merge_parts(plan)

    times = [line["intended_at"] for line in RunFolder(plan.run).lines(REQUESTS)]
    assert times == [BEGAN_AT + 1, BEGAN_AT + 2, BEGAN_AT + 3]
    assert not plan.parts.exists()


def test_half_a_line_of_a_killed_process_spoils_no_other(plan: Plan) -> None:
    (plan.parts / "0-0.jsonl").write_text(request(1) + request(2)[:40])

    assert merge_parts(plan)["offered"] == 1


def test_the_load_says_what_was_offered_sent_and_dropped(plan: Plan) -> None:
    lost = request(3, sent_at=None, done_at=None, status=0, dropped=True)
    (plan.parts / "0-0.jsonl").write_text(request(1) + request(2, user="forged", status=403) + lost)
    load = merge_parts(plan)

    assert (load["offered"], load["sent"], load["dropped"], load["attacks"]) == (3, 2, 1, {"forged": 1})
    assert load["campaign_id"] == TARGETS[0].campaign_id
    assert load["events_per_s"] == 500
    assert json.loads((plan.run / "load.json").read_text()) == load


def test_stages_say_when_they_were_and_what_was_sent_in_them(plan: Plan) -> None:
    (plan.parts / "0-0.jsonl").write_text(request(0.5, stage="warm-up") + request(2) + request(3))
    warm_up, hold = merge_parts(plan)["stages"]

    assert (warm_up["began_at"], warm_up["ended_at"], warm_up["sent_events_per_s"]) == (1_000.0, 1_001.0, 10.0)
    assert (hold["began_at"], hold["ended_at"], hold["sent_events_per_s"]) == (1_001.0, 1_011.0, 2.0)


def test_a_load_that_may_have_caused_its_own_latencies_says_so(plan: Plan) -> None:
    late = request(1, sent_at=BEGAN_AT + 1.05, done_at=BEGAN_AT + 1.06)
    (plan.parts / "0-0.jsonl").write_text(late + request(2, sent_at=None, done_at=None, dropped=True))
    (plan.parts / "0-0.json").write_text(
        json.dumps({"share": 0, "began_at": BEGAN_AT, "ended_at": BEGAN_AT + 11, "cpu_percent": 95.0})
    )
    load = merge_parts(plan)

    assert load["scheduler_lag_p99_ms"] == pytest.approx(50, abs=0.01)
    assert [warning.split(":")[0].split(",")[0] for warning in load["warnings"]] == [
        "posts left late",
        "1 of 2 posts were dropped",
        "the load used 95.0 % of a core",
    ]


def test_a_load_that_kept_its_schedule_has_no_warning(plan: Plan) -> None:
    (plan.parts / "0-0.jsonl").write_text(request(1))

    assert merge_parts(plan)["warnings"] == []


def test_the_histogram_holds_microseconds_of_true_posts_after_the_warm_up(plan: Plan) -> None:
    (plan.parts / "0-0.jsonl").write_text(
        request(0.5, stage="warm-up", done_at=BEGAN_AT + 9) + request(2) + request(3, user="forged")
    )
    merge_parts(plan)
    response, service = ((plan.run / name).read_text() for name in ("webhook.hgrm", "webhook-service.hgrm"))

    assert "TotalCount     =        1.000" in response
    assert "#[Max     =    11007.000" in response
    assert "#[Max     =    10007.000" in service


def test_a_load_that_never_began_is_still_described(plan: Plan) -> None:
    for path in plan.parts.iterdir():
        path.unlink()
    load = merge_parts(plan)

    assert (load["offered"], load["stages"], load["scheduler_lag_p99_ms"]) == (0, [], None)


def test_the_live_view_adds_rates_and_shows_the_worst_percentile(plan: Plan) -> None:
    for share, p99_ms in ((0, 10.0), (1, 30.0)):
        part = {"at": 5.0, "p50_ms": 2.0, "p99_ms": p99_ms, "events_per_s": 250.0, "posts_per_s": 25.0, "dropped": 1}
        (plan.parts / f"{share}-0.live.json").write_text(json.dumps(part))
    write_live(plan)

    live = json.loads((plan.run / "load-live.json").read_text())
    assert (live["p99_ms"], live["events_per_s"], live["dropped"]) == (30.0, 500.0, 2)
