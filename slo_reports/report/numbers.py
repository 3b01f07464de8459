"""How a number is written for people: thousands separators, units that don't break off, no false precision."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final

NBSP: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
DASH: Final = "\N{EN DASH}"

_TINY: Final = 1e-9
_HALF: Final = 0.5
_FIRST_WORD: Final = re.compile(r"[a-z]+(?:[\s,;:]|$)")
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


def plain(value: float | None, *, digits: int = 3) -> str:
    """At least `digits` significant digits, and every digit before the point: `1,234`, `23.4`, `0.0123`."""
    if value is None or not math.isfinite(value):
        return "unbounded"
    if float(value).is_integer() or abs(value) >= 10 ** (digits - 1):
        return _signed(f"{abs(value):,.0f}", value)
    if abs(value) < _TINY:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return _signed(f"{abs(value):,.{places}f}".rstrip("0").rstrip("."), value)


def amount(value: float | None, unit: str = "") -> str:
    """A value with its unit; a share (0 to 1) as percent; `None` as a dash."""
    return NBSP.join(part for part in parted(value, unit) if part)


def parted(value: float | None, unit: str = "") -> tuple[str, str]:
    """The number and its unit apart, where they are set in different sizes."""
    if value is None:
        return DASH, ""
    return _bare(value, unit), "%" if unit == "share" else unit


def span(low: float | None, high: float | None, unit: str = "") -> str:
    """From one value to another, the unit once: `21.1 to 26 ms`; a missing end is unbounded."""
    shown = "%" if unit == "share" else unit
    return f"{_bare(low, unit)} to {_bare(high, unit)}{NBSP}{shown}".strip(NBSP)


def duration(seconds: float | None) -> str:
    """`45.2 s`, `12 min 5 s`, `1 h 20 min`."""
    if seconds is None:
        return DASH
    if seconds < _MINUTE_S:
        return f"{plain(seconds)}{NBSP}s"
    whole = round(seconds)
    if whole < _HOUR_S:
        return _joined((whole // _MINUTE_S, "min"), (whole % _MINUTE_S, "s"))
    return _joined((whole // _HOUR_S, "h"), (whole % _HOUR_S // _MINUTE_S, "min"))


def spelled_duration(seconds: float) -> str:
    """In a sentence: `10 minutes`, `20 seconds`; what is not round stays short."""
    if seconds >= _MINUTE_S and seconds % _MINUTE_S == 0 and seconds < _HOUR_S:
        return counted(int(seconds // _MINUTE_S), "minute")
    if seconds < _MINUTE_S and float(seconds).is_integer():
        return counted(int(seconds), "second")
    return duration(seconds)


def clock(seconds: float) -> str:
    """A moment on the run's own clock: `0:08`, `12:30`, `-0:05`."""
    whole = round(abs(seconds))
    hours, rest = divmod(whole, _HOUR_S)
    minutes, left = divmod(rest, _MINUTE_S)
    text = f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
    return _signed(text, seconds if whole else 0)


def moment(iso: str | None) -> str:
    """An ISO time as people write it, in UTC."""
    try:
        return f"{datetime.fromisoformat(str(iso)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return str(iso or "unknown")


def counted(count: int, thing: str, things: str | None = None) -> str:
    """`1 fault`, `2 faults`."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def shortened(text: str, most: int) -> str:
    """One line of at most that many letters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def sentence(text: str) -> str:
    """With a capital at the beginning, unless it begins with a name of a file or of the code."""
    return text[:1].upper() + text[1:] if _FIRST_WORD.match(text) else text


def words(name: str) -> str:
    """A name of the code as words: `final_failure_budget`, `webhook-latency`."""
    return name.replace("_", " ").replace("-", " ")


def _bare(value: float | None, unit: str) -> str:
    return _percent(value) if unit == "share" and value is not None else plain(value)


def _percent(share: float) -> str:
    """Near 100 the distance to it is what matters: `99.996`, never `100` for less than all."""
    left = 1 - share
    if not _HALF < share < 1 or left < _TINY:
        return plain(share * 100)
    places = max(1, 1 - math.floor(math.log10(left * 100)))
    return f"{share * 100:.{places}f}".rstrip("0").rstrip(".")


def _signed(text: str, value: float) -> str:
    return f"{MINUS}{text}" if value < 0 else text


def _joined(*parts: tuple[int, str]) -> str:
    return " ".join(f"{value}{NBSP}{unit}" for value, unit in parts if value) or f"0{NBSP}s"
