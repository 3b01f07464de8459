"""Checks that look at the webhook: its latency, its freshness, the honesty of the load, and attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from literal_run import a_post, a_request, an_event, facts, verdict_of

from slo_reports.checks.authenticity import check_authenticity
from slo_reports.checks.load import check_load
from slo_reports.checks.webhook import check_freshness, check_latency
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from pathlib import Path

    from slo_reports.checks.check import Check

pytestmark = pytest.mark.unit


def requests(*, slow: int, took_s: float = 1.0, **changes: Any) -> list[dict[str, Any]]:
    """A thousand, the first of them slow or otherwise changed."""
    return [
        a_request(n, at=n / 100, took_s=took_s, **changes) if n < slow else a_request(n, at=n / 100)
        for n in range(1_000)
    ]


@pytest.mark.parametrize(("slow", "status"), [(0, Status.MET), (10, Status.MET), (11, Status.MISSED)])
def test_one_of_a_hundred_answers_may_take_a_second(tmp_path: Path, slow: int, status: Status) -> None:
    verdict = verdict_of(check_latency, tmp_path, requests=requests(slow=slow))
    assert verdict.status is status
    assert verdict.measure is not None
    assert verdict.measure.budget_left == pytest.approx(1 - slow / 10)


def test_latency_counts_from_the_intended_instant(tmp_path: Path) -> None:
    late = [a_request(n, at=n / 100, took_s=1.5, sent_at=1_795_250_001.499 + n / 100) for n in range(100)]
    verdict = verdict_of(check_latency, tmp_path, requests=late)
    assert verdict.measure is not None
    assert verdict.measure.value == pytest.approx(1_500, abs=0.01)


@pytest.mark.parametrize(
    "failure",
    [{"status": 503}, {"status": 0, "done_at": None}, {"dropped": True, "sent_at": None, "done_at": None, "status": 0}],
    ids=["refused", "no answer", "dropped"],
)
def test_a_failed_request_is_slower_than_any_answer(tmp_path: Path, failure: dict[str, Any]) -> None:
    verdict = verdict_of(check_latency, tmp_path, requests=requests(slow=500, **failure))
    assert verdict.measure is not None
    assert verdict.measure.value == 60_000


def test_attacks_are_not_part_of_the_latency(tmp_path: Path) -> None:
    slow_attacks = [a_request(1_000 + n, "forged", took_s=9) for n in range(1_000)]
    assert verdict_of(check_latency, tmp_path, requests=requests(slow=0) + slow_attacks).status is Status.MET


def test_the_interval_of_a_percentile_spans_ranks(tmp_path: Path) -> None:
    rising = [a_request(n, at=n, took_s=n / 1_000) for n in range(1, 1_001)]
    verdict = verdict_of(check_latency, tmp_path, requests=[{**r, "sent_at": r["intended_at"]} for r in rising])
    assert verdict.measure is not None
    assert verdict.measure.value == pytest.approx(990, abs=0.01)
    assert verdict.measure.interval == pytest.approx((983, 997), abs=0.01)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sent_at": 1_795_250_020.0}, "lag p99"),
        ({"dropped": True, "sent_at": None}, "of the requests dropped"),
    ],
)
@pytest.mark.parametrize("check", [check_latency, check_freshness, check_load], ids=lambda check: check.id)
def test_a_saturated_load_proves_nothing(tmp_path: Path, changes: dict[str, Any], says: str, check: Check) -> None:
    verdict = verdict_of(check, tmp_path, requests=requests(slow=20, **changes), events=[an_event(1)])
    assert verdict.status is Status.UNKNOWN
    assert says in verdict.says


@pytest.mark.parametrize(
    ("load", "status"),
    [
        ({"offered": 1_000, "stages": [{"seconds": 10, "events_per_s": 100}]}, Status.MET),
        ({"offered": 1_001, "stages": []}, Status.UNKNOWN),
        ({"offered": 1_000, "stages": [{"seconds": 10, "events_per_s": 200}]}, Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ],
    ids=["as planned", "one is missing", "half the rate", "no plan"],
)
def test_the_load_must_reach_its_rate(tmp_path: Path, load: dict[str, Any] | None, status: Status) -> None:
    assert verdict_of(check_load, tmp_path, run_facts=facts(load=load), requests=requests(slow=0)).status is status


def test_what_is_applied_within_a_second_is_fresh(tmp_path: Path) -> None:
    verdict = verdict_of(check_freshness, tmp_path, requests=[a_request(1)], inbox=[a_post()], events=[an_event(1)])
    assert verdict.status is Status.MET


@pytest.mark.parametrize(
    ("inbox", "events"),
    [
        ([a_post(applied_at=12.1)], [an_event(1)]),
        ([a_post(applied_at=None)], [an_event(1)]),
        ([a_post(digest="another")], [an_event(1)]),
        ([a_post()], [an_event(1, applied_at=12.1)]),
        ([a_post()], [an_event(1, applied_at=None)]),
    ],
    ids=["late post", "post never applied", "post lost", "late event", "event never applied"],
)
def test_what_is_not_visible_a_second_later_is_stale(
    tmp_path: Path, inbox: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    verdict = verdict_of(check_freshness, tmp_path, requests=[a_request(1)], inbox=inbox, events=events)
    assert verdict.status is Status.MISSED


def test_attacks_that_were_refused_and_left_nothing_are_met(tmp_path: Path) -> None:
    attacks = [
        a_request(1),
        a_request(2, "forged", event_ids=["x1", "x2"]),
        a_request(3, "oversize", status=413),
        a_request(4, "malformed", status=0, error="connection reset"),
        a_request(5, "replayed", digest="d1"),
    ]
    verdict = verdict_of(check_authenticity, tmp_path, requests=attacks, inbox=[a_post()], events=[an_event(1)])
    assert verdict.status is Status.MET
    assert "4 attacks (1 forged, 1 malformed, 1 oversize, 1 replayed)" in verdict.says


@pytest.mark.parametrize(
    ("attack", "inbox", "evidence"),
    [
        (a_request(2, "forged"), a_post(2, digest="d2"), "taken in: forged request 2"),
        (a_request(2, "stale", status=204), a_post(2, digest="x"), "not refused: stale request 2 answered 204"),
        (a_request(2, "tampered", status=500), a_post(2, digest="x"), "not refused: tampered request 2 answered 500"),
        (
            a_request(2, "forged", event_ids=["e-1-delivered"]),
            a_post(2, digest="x"),
            "applied: forged request 2 event e-1-delivered",
        ),
        (
            a_request(2, "replayed", digest="d1"),
            a_post(2, digest="d1"),
            "replays taken in again: digest d1 is 2 times in the inbox",
        ),
        (
            a_request(2, "replayed", digest="d7"),
            a_post(2, digest="x"),
            "replays taken in again: digest d7 is 0 times in the inbox",
        ),
    ],
    ids=["taken in", "answered 204", "answered 500", "applied", "twice", "lost"],
)
def test_any_trace_of_an_attack_is_found(
    tmp_path: Path, attack: dict[str, Any], inbox: dict[str, Any], evidence: str
) -> None:
    verdict = verdict_of(
        check_authenticity, tmp_path, requests=[a_request(1), attack], inbox=[a_post(), inbox], events=[an_event(1)]
    )
    assert verdict.status is Status.MISSED
    assert verdict.evidence == (evidence,)


def test_an_attack_that_left_several_traces_is_one_that_succeeded(tmp_path: Path) -> None:
    attack = a_request(2, "forged", status=204, event_ids=["e-1-delivered"])
    verdict = verdict_of(
        check_authenticity,
        tmp_path,
        requests=[attack],
        inbox=[a_post(1, digest=attack["digest"])],
        events=[an_event(1)],
    )
    assert verdict.status is Status.MISSED
    assert verdict.measure is not None
    assert verdict.measure.value == 1.0
    assert len(verdict.evidence) == 3


def test_an_event_that_no_post_brought_is_found(tmp_path: Path) -> None:
    verdict = verdict_of(
        check_authenticity,
        tmp_path,
        requests=[a_request(2, "forged")],
        inbox=[a_post()],
        events=[an_event(1, inbox_id=9)],
    )
    assert verdict.evidence == ("events of no post: event e-1-delivered names inbox 9",)


def test_an_event_that_came_after_the_inbox_was_read_out_is_no_trace(tmp_path: Path) -> None:
    late = an_event(1, at=11.5, inbox_id=9)
    verdict = verdict_of(
        check_authenticity, tmp_path, requests=[a_request(2, "forged")], inbox=[a_post()], events=[late]
    )
    assert verdict.status is Status.MET


def test_without_attacks_nothing_is_shown_about_them(tmp_path: Path) -> None:
    verdict = verdict_of(check_authenticity, tmp_path, requests=[a_request(1)], inbox=[a_post()], events=[an_event(1)])
    assert verdict.status is Status.UNKNOWN
