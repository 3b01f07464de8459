"""Request bodies on disk within a bound: a few segment files of which the oldest is deleted first."""

import os
from pathlib import Path

SEGMENTS = 8


class Bodies:
    """A body's place is `[segment, offset, length]`; a place in a deleted segment reads as None."""

    def __init__(self, folder: Path, *, bound_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = bound_bytes // SEGMENTS
        self._segment = max(_segments(folder), default=0)
        self._gathered: list[bytes] = []
        self._open()

    def add(self, body: bytes) -> list[int]:
        """Gather one body; returns its place, which is readable after `write`."""
        if self._size > self._segment_bytes:
            self._roll()
        place = [self._segment, self._size, len(body)]
        self._gathered.append(body)
        self._size += len(body)
        return place

    def write(self) -> None:
        """Hand the gathered bodies to the kernel."""
        if self._gathered:
            data = memoryview(b"".join(self._gathered))
            self._gathered.clear()
            while data:
                data = data[os.write(self._fd, data) :]

    def reset(self) -> None:
        """Delete every body."""
        self._gathered.clear()
        os.close(self._fd)
        for number in _segments(self._folder):
            _segment_path(self._folder, number).unlink()
        self._segment += 1
        self._open()

    def _roll(self) -> None:
        self.write()
        os.close(self._fd)
        self._segment += 1
        self._open()
        for number in _segments(self._folder):
            if number <= self._segment - SEGMENTS:
                _segment_path(self._folder, number).unlink()

    def _open(self) -> None:
        path = _segment_path(self._folder, self._segment)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._size = os.fstat(self._fd).st_size


def read_body(folder: Path, place: list[int]) -> bytes | None:
    """The body at `place`, None when its segment has been deleted."""
    segment, offset, length = place
    try:
        with _segment_path(folder, segment).open("rb") as file:
            file.seek(offset)
            return file.read(length)
    except FileNotFoundError:
        return None


def _segment_path(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.bodies"


def _segments(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("*.bodies"))
