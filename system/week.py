"""ISO weeks as people write them: `2026-W47`."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from system.errors import InputError

_WEEK_KEY = re.compile(r"([0-9]{4})-W([0-9]{2})")


def week_key_of(moment: datetime, *, time_zone: str) -> str:
    """The ISO week in which an aware moment falls for people in a time zone."""
    year, week, _ = moment.astimezone(ZoneInfo(time_zone)).isocalendar()
    return f"{year:04d}-W{week:02d}"


def parse_week_key(text: str) -> str:
    """The week key itself when it names a week that exists, else InputError."""
    match = _WEEK_KEY.fullmatch(text)
    if match:
        try:
            date.fromisocalendar(int(match[1]), int(match[2]), 1)
        except ValueError:
            pass
        else:
            return text
    raise InputError(
        field="week",
        value=text,
        problem="is not an ISO week",
        remedy="Write year and week like 2026-W47; most years have 52 weeks, some 53",
    )
