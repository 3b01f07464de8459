from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from system.errors import InputError
from system.pipeline.dispatch import due_week
from system.storage.campaigns import Newsletter
from system.week import parse_week_key, week_key_of

pytestmark = pytest.mark.unit

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("moment", "time_zone", "week"),
    [
        ("2026-11-16T09:00:00+00:00", "UTC", "2026-W47"),
        ("2026-12-31T12:00:00+00:00", "UTC", "2026-W53"),
        ("2027-01-03T12:00:00+00:00", "UTC", "2026-W53"),  # the week of a year may end in the next
        ("2029-12-31T12:00:00+00:00", "UTC", "2030-W01"),
        ("2026-11-15T23:30:00+00:00", "Europe/Berlin", "2026-W47"),  # Monday already
        ("2026-11-16T02:00:00+00:00", "America/New_York", "2026-W46"),  # still Sunday
    ],
)
def test_a_moment_falls_into_the_week_of_its_time_zone(moment: str, time_zone: str, week: str) -> None:
    assert week_key_of(datetime.fromisoformat(moment), time_zone=time_zone) == week


@pytest.mark.parametrize("text", ["2026-W47", "2026-W53", "2026-W01", "1999-W52"])
def test_a_week_that_exists_is_taken_as_it_is(text: str) -> None:
    assert parse_week_key(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-W00", "2025-W53", "2026-W54", "0000-W01"),
        *("2026-47", "26-W47", "2026-w47", " 2026-W47", "2026-W47\n", "2026-W47; DROP TABLE users"),
        *("２０２６-W47", "2026-W4٧"),  # noqa: RUF001  # digits, but not ours
    ],
)
def test_anything_else_is_no_week_and_the_error_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match=r"week=.* is not an ISO week\. Write year and week like 2026-W47"):
        parse_week_key(text)


def newsletter(*, cron: str = "0 9 * * 1", time_zone: str = "Europe/Berlin", since: str = "2026-01-01T00:00:00+00:00",
               enabled: bool = True) -> Newsletter:  # fmt: skip
    return Newsletter(
        id=1, name="weekly-recos", subject="For you", template="weekly", audience="all", sending_account="default",
        cron=cron, time_zone=time_zone, enabled=enabled, scheduled_since=datetime.fromisoformat(since),
    )  # fmt: skip


def due_at(moment: str, letter: Newsletter | None = None, *, grace_s: float = DAY_S) -> str | None:
    return due_week(letter or newsletter(), now=datetime.fromisoformat(moment), grace_s=grace_s)


def test_the_week_is_due_from_the_first_second_of_its_tick() -> None:
    assert due_at("2026-11-16T07:59:59+00:00") is None
    assert due_at("2026-11-16T08:00:00+00:00") == "2026-W47"  # 09:00 in Berlin
    assert due_at("2026-11-16T08:00:01+00:00") == "2026-W47"


@pytest.mark.parametrize(
    ("before", "at", "week"),
    [
        ("2026-03-23T07:59:00+00:00", "2026-03-23T08:00:00+00:00", "2026-W13"),  # winter: 09:00 is 08:00 UTC
        ("2026-03-30T06:59:00+00:00", "2026-03-30T07:00:00+00:00", "2026-W14"),  # summer since Sunday
        ("2026-10-26T07:59:00+00:00", "2026-10-26T08:00:00+00:00", "2026-W44"),  # winter again
    ],
)
def test_the_clocks_hour_moves_with_daylight_saving(before: str, at: str, week: str) -> None:
    assert due_at(before) is None
    assert due_at(at) == week


def test_a_tick_in_the_hour_that_is_skipped_still_comes_once() -> None:
    letter = newsletter(cron="30 2 * * 0")
    night = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # 02:30 does not exist on this Sunday
    due = [due_at((night + timedelta(minutes=m)).isoformat(), letter, grace_s=7_200) for m in range(0, 180, 5)]

    assert set(due) == {None, "2026-W13"}
    assert due.index("2026-W13") == 12  # at 01:00 UTC, when the clocks jump from 02:00 to 03:00


def test_a_tick_in_the_hour_that_comes_twice_names_one_week() -> None:
    letter = newsletter(cron="30 2 * * 0")
    night = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    due = [due_at((night + timedelta(minutes=m)).isoformat(), letter, grace_s=7_200) for m in range(0, 180, 5)]

    assert set(due) == {None, "2026-W43"}


def test_a_missed_tick_is_caught_up_within_its_grace_only() -> None:
    assert due_at("2026-11-17T07:59:59+00:00") == "2026-W47"
    assert due_at("2026-11-17T08:00:01+00:00") is None


def test_a_tick_caught_up_on_the_next_day_keeps_its_own_week() -> None:
    letter = newsletter(cron="0 23 * * 0")
    assert due_at("2026-11-16T05:00:00+00:00", letter) == "2026-W46"  # Sunday's mail, sent on Monday


def test_a_tick_before_the_newsletter_was_scheduled_does_not_count() -> None:
    letter = newsletter(since="2026-11-16T08:00:01+00:00")
    assert due_at("2026-11-16T09:00:00+00:00", letter) is None
    assert due_at("2026-11-23T08:00:00+00:00", letter) == "2026-W48"


def test_a_newsletter_that_is_off_is_never_due() -> None:
    assert due_at("2026-11-16T08:00:00+00:00", newsletter(enabled=False)) is None
