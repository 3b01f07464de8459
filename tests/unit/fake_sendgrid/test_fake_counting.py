"""Rates, limits, bodies and latencies: the parts that count."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_sendgrid.office.intake import Intake
from fake_sendgrid.office.ledger_stream import stream_ledger
from fake_sendgrid.office.recent_rate import RecentRate
from fake_sendgrid.office.rolling_peak import RollingPeak
from fake_sendgrid.office.store import open_store
from fake_sendgrid.wire.bodies import Bodies, read_body
from fake_sendgrid.wire.latency import Latency
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.rate_limit import RateLimit

pytestmark = pytest.mark.unit
SECOND_NS = 1_000_000_000
_TIMES = st.lists(st.integers(0, 5 * SECOND_NS), max_size=60)


def _peak_by_hand(times: list[int]) -> int:
    return max((sum(start <= at < start + SECOND_NS for at in times) for start in times), default=0)


@given(times=_TIMES)
def test_the_peak_is_the_fullest_rolling_second(times: list[int]) -> None:
    assert RollingPeak(sorted(times)).value == _peak_by_hand(times)


@given(times=_TIMES)
def test_the_peak_is_exact_in_any_order_or_says_that_it_is_stale(times: list[int]) -> None:
    peak = RollingPeak(times)
    assert peak.stale or peak.value == _peak_by_hand(times)


def test_times_of_one_turn_may_come_in_any_order() -> None:
    times = [3 * SECOND_NS, 3 * SECOND_NS - 200_000_000, 3 * SECOND_NS - 100_000_000]
    peak = RollingPeak([0, *times])
    assert (peak.stale, peak.value) == (False, 3)


def test_a_second_ends_before_the_next_begins() -> None:
    assert RollingPeak([0, SECOND_NS]).value == 1
    assert RollingPeak([0, SECOND_NS - 1]).value == 2


@given(times=_TIMES, limit=st.integers(1, 10))
def test_the_limit_is_never_exceeded_in_any_rolling_second(times: list[int], limit: int) -> None:
    gate = RateLimit(limit)
    allowed = [at for at in sorted(times) if gate.allows(mails=1, now_ns=at)]
    assert _peak_by_hand(allowed) == min(limit, _peak_by_hand(sorted(times)))


def _accept(ledger: Ledger, at_ns: int) -> None:
    ledger.add(
        "accepted", received_ns=at_ns, message_id="m", recipient_index=0, to="a@example.com", custom_args={}, subject=""
    )
    ledger.write()


def test_a_late_acceptance_counts_in_the_second_of_its_receipt(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    intake = Intake(ledger_path=tmp_path / "ledger.jsonl", store=open_store(tmp_path / "office.sqlite"))
    for at_ns in (0, 10, 5 * SECOND_NS, 20):
        _accept(ledger, at_ns)
    intake.catch_up()
    assert intake.exact_peak() == 3


def test_the_store_follows_the_ledger_once_and_across_restarts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for at_ns in (1, 2):
        _accept(ledger, at_ns)
    for _ in range(2):
        store = open_store(tmp_path / "office.sqlite")
        Intake(ledger_path=tmp_path / "ledger.jsonl", store=store).catch_up()
        assert store.execute("SELECT count(*) FROM mails").fetchone() == (2,)
        store.close()


def test_a_store_whose_ledger_was_deleted_starts_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    _accept(ledger, 1)
    store = open_store(tmp_path / "office.sqlite")
    Intake(ledger_path=tmp_path / "ledger.jsonl", store=store).catch_up()
    (tmp_path / "ledger.jsonl").unlink()
    Intake(ledger_path=tmp_path / "ledger.jsonl", store=store)
    assert store.execute("SELECT count(*) FROM mails").fetchone() == (0,)


@given(count=st.integers(0, 40), after=st.integers(0, 45), filler=st.integers(0, 50))
def test_the_stream_begins_right_after_a_seq(count: int, after: int, filler: int) -> None:
    import tempfile  # noqa: PLC0415 - hypothesis wants a fresh folder for each example

    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.jsonl")
        for number in range(count):
            ledger.add("rejected", received_ns=1, message="x" * (filler * (number % 7)))
        ledger.write()
        lines = b"".join(stream_ledger(Path(folder) / "ledger.jsonl", after=after)).splitlines()
        assert len(lines) == max(0, count - after)


def test_bodies_stay_within_their_bound_and_the_newest_are_kept(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path, bound_bytes=80_000)
    places = []
    for number in range(200):
        places.append(bodies.add(b"%04d" % number * 250))
        bodies.write()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 100_000
    assert read_body(tmp_path, places[0]) is None
    assert read_body(tmp_path, places[-1]) == b"0199" * 250


def test_latencies_come_from_the_seed_and_have_the_median_asked_for() -> None:
    one, same = (Latency(median_ms=100, sigma=0.35, seed=7) for _ in range(2))
    draws = [one.draw_s() for _ in range(2001)]
    assert draws == [same.draw_s() for _ in range(2001)]
    assert 0.095 < sorted(draws)[1000] < 0.105
    assert Latency(median_ms=0, sigma=0.35, seed=7).draw_s() == 0.0


def test_the_recent_rate_counts_whole_seconds_and_forgets() -> None:
    now_s = time.time()
    rate = RecentRate()
    for ago in (1, 1, 2, 10_000):
        rate.add(now_s - ago)
    assert rate.last(3, now_s=now_s) == [0, 1, 2]
