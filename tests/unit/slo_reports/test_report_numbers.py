"""How numbers are written for people."""

from __future__ import annotations

import pytest

from slo_reports.report.numbers import (
    amount,
    clock,
    counted,
    duration,
    moment,
    plain,
    sentence,
    shortened,
    span,
    spelled_duration,
    words,
)

pytestmark = pytest.mark.unit


def ascii_of(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1_234_567, "1,234,567"),
        (1234.5, "1,234"),
        (23.44, "23.4"),
        (0.0123, "0.0123"),
        (-1.01, "-1.01"),
        (1e-12, "0"),
        (float("inf"), "unbounded"),
    ],
)
def test_a_number_has_three_significant_digits_and_all_before_the_point(value: float, text: str) -> None:
    assert ascii_of(plain(value)) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0115, "share", "1.15 %"),
        (1.0, "share", "100 %"),
        (0.99996, "share", "99.996 %"),
        (0.8712, "share", "87.1 %"),
        (23.4, "ms", "23.4 ms"),
        (1967, "", "1,967"),
        (None, "ms", "-"),
    ],
)
def test_an_amount_carries_its_unit(value: float | None, unit: str, text: str) -> None:
    assert ascii_of(amount(value, unit)) == text


def test_a_span_names_its_unit_once() -> None:
    assert ascii_of(span(0.0077, 0.0172, "share")) == "0.77 to 1.72 %"
    assert ascii_of(span(900.0, None, "ms")) == "900 to unbounded ms"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45.25, "45.2 s"), (600, "10 min"), (725, "12 min 5 s"), (4800, "1 h 20 min"), (None, "-")],
)
def test_a_duration_is_spoken_in_two_units(seconds: float | None, text: str) -> None:
    assert ascii_of(duration(seconds)) == text


@pytest.mark.parametrize(("seconds", "text"), [(8, "0:08"), (-5, "-0:05"), (750, "12:30"), (3725, "1:02:05")])
def test_the_runs_clock_counts_from_the_start(seconds: float, text: str) -> None:
    assert ascii_of(clock(seconds)) == text


def test_a_moment_is_told_in_utc() -> None:
    assert moment("2026-11-21T12:40:35+01:00") == "2026-11-21 11:40:35 UTC"
    assert moment("yesterday") == "yesterday"
    assert moment(None) == "unknown"


@pytest.mark.parametrize(
    ("seconds", "text"), [(20, "20 seconds"), (600, "10 minutes"), (60, "1 minute"), (90, "1 min 30 s")]
)
def test_a_round_duration_is_spelled_in_a_sentence(seconds: float, text: str) -> None:
    assert ascii_of(spelled_duration(seconds)) == text


def test_a_name_of_the_code_is_read_as_words() -> None:
    assert (words("final_failure_budget"), words("webhook-latency")) == ("final failure budget", "webhook latency")


def test_a_sentence_begins_with_a_capital_unless_with_a_file_or_a_name() -> None:
    begun = [sentence(text) for text in ("at most 100", "jobs.jsonl: missing", "job_id 3", "0 of 3")]
    assert begun == ["At most 100", "jobs.jsonl: missing", "job_id 3", "0 of 3"]


def test_a_long_line_is_cut_off() -> None:
    assert shortened("a  long\nline of text", 11) == "a long lin\N{HORIZONTAL ELLIPSIS}"


def test_one_thing_is_not_many() -> None:
    assert (counted(1, "fault"), counted(0, "fault"), counted(2000, "fault")) == ("1 fault", "0 faults", "2,000 faults")
