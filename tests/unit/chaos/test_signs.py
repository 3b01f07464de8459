"""How a network fault shows, from an exchange through the proxy and one past it."""

from __future__ import annotations

import pytest

from chaos.injectors.exchange import Exchange
from chaos.injectors.signs import closes_late, delay_s, is_cut, is_late, is_refused, is_reset, is_silent, is_slow
from chaos.toxiproxy.toxic import Toxic

pytestmark = pytest.mark.unit

HEALTHY = Exchange(end="closed", sent=20, received=100, first_byte_s=0.01, last_byte_s=0.02, took_s=0.02)
REFUSED = Exchange(end="refused")
RESET = Exchange(end="reset", sent=20, took_s=0.01)
SILENT = Exchange(end="silent", sent=20, took_s=1.0)
DEAD = Exchange(end="closed", sent=20, took_s=0.01)
CUT = Exchange(end="closed", sent=20, received=10, first_byte_s=0.01, last_byte_s=0.01, took_s=0.01)
LATE = Exchange(end="closed", sent=20, received=100, first_byte_s=0.35, last_byte_s=0.36, took_s=0.36)
LINGERING = Exchange(end="silent", sent=20, received=100, first_byte_s=0.01, last_byte_s=0.02, took_s=1.0)


def test_each_fault_has_its_own_sign() -> None:
    shown = (HEALTHY, REFUSED, RESET, SILENT, CUT)
    assert [is_refused(one, HEALTHY) for one in shown] == [False, True, False, False, False]
    assert [is_reset(one, HEALTHY) for one in shown] == [False, False, True, False, False]
    assert [is_silent(one, HEALTHY) for one in shown] == [False, False, False, True, False]
    assert [is_cut(one, HEALTHY) for one in shown] == [False, False, True, False, True]


def test_a_server_that_is_dead_itself_is_no_sign_of_a_fault_in_the_network() -> None:
    assert not is_silent(SILENT, DEAD)
    assert not is_cut(DEAD, DEAD)
    assert not is_late(SILENT, REFUSED, by_s=0.3)
    assert not closes_late(LINGERING, REFUSED, by_s=0.3)


def test_a_delay_is_seen_when_most_of_it_is() -> None:
    assert is_late(LATE, HEALTHY, by_s=0.3)
    assert not is_late(LATE, HEALTHY, by_s=0.6)
    assert is_slow(LATE, HEALTHY, by_s=0.3)
    assert not is_slow(HEALTHY, HEALTHY, by_s=0.3)


def test_no_answer_within_the_patience_is_a_long_delay() -> None:
    assert is_late(SILENT, HEALTHY, by_s=9.0)


def test_a_connection_that_stays_after_its_answer_closes_late() -> None:
    assert closes_late(LINGERING, HEALTHY, by_s=0.6)
    assert not closes_late(HEALTHY, HEALTHY, by_s=0.6)
    assert not closes_late(SILENT, HEALTHY, by_s=0.6)


def test_how_long_bytes_must_take_follows_from_the_toxic() -> None:
    up = Toxic(kind="bandwidth", stream="upstream", attributes={"rate": 1})
    down = Toxic(kind="bandwidth", attributes={"rate": 2})
    assert delay_s(up, through=SILENT, past=HEALTHY) == 0.02
    assert delay_s(down, through=SILENT, past=HEALTHY) == 0.05
    drip = Toxic(kind="slicer", attributes={"average_size": 10, "delay": 1_000})
    assert delay_s(drip, through=SILENT, past=HEALTHY) == 0.01
