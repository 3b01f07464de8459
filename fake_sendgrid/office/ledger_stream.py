"""The ledger file as a stream, from any sequence number on."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import orjson

CHUNK_BYTES = 1 << 18


def stream_ledger(path: Path, *, after: int) -> Iterator[bytes]:
    """Whole lines with seq > `after`, up to the file's present end."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(_find_start(file, end, after) if after > 0 else 0)
        rest = b""
        while data := file.read(min(CHUNK_BYTES, end - file.tell())):
            whole, newline, rest = (rest + data).rpartition(b"\n")
            yield whole + newline


def _find_start(file: BinaryIO, end: int, after: int) -> int:
    """Binary search over bytes: lines are in the order of their seq."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        start, seq = _first_line_from(file, middle)
        if seq is None or seq > after:
            high = middle
        else:
            low = max(middle + 1, start)
    return _first_line_from(file, low)[0]


def _first_line_from(file: BinaryIO, position: int) -> tuple[int, int | None]:
    """Start and seq of the first line that begins at `position` or later; seq None at the end."""
    file.seek(max(0, position - 1))
    if position > 0:
        file.readline()
    start = file.tell()
    line = file.readline()
    return start, orjson.loads(line)["seq"] if line.endswith(b"\n") else None
