"""The ledger: an append-only file of JSON lines in which every acceptance stands before it is answered."""

import os
import time
from pathlib import Path
from typing import Any

import orjson

Line = dict[str, Any]
_TAIL_BYTES = 1 << 20


class Ledger:
    """Lines are gathered with `add` and reach the file together with `write`, in the order of their `seq`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._lines: list[bytes] = []
        self.seq = self._recover()
        self._wall_minus_mono_ns = time.time_ns() - time.monotonic_ns()
        self.unsynced = False

    def add(self, kind: str, *, received_ns: int, **fields: Any) -> int:
        """Gather one line; `received_ns` is the monotonic receipt time. Returns its seq."""
        self.seq += 1
        line = {
            "seq": self.seq,
            "kind": kind,
            "received_at": (received_ns + self._wall_minus_mono_ns) / 1e9,
            "mono_ns": received_ns,
            **fields,
        }
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        return self.seq

    def write(self) -> None:
        """Hand the gathered lines to the kernel: from here they survive a kill of this process."""
        if self._lines:
            _write_all(self.fd, b"".join(self._lines))
            self._lines.clear()
            self.unsynced = True

    def sync(self) -> None:
        """Hand the file to the disk; may block, call it on a thread."""
        self.unsynced = False
        os.fdatasync(self.fd)

    def reset(self) -> None:
        """Forget everything and start again at seq 1."""
        self._lines.clear()
        os.ftruncate(self.fd, 0)
        self.seq = 0

    def close(self) -> None:
        """Write what is gathered and let go of the file."""
        self.write()
        os.close(self.fd)

    def _recover(self) -> int:
        """Cut off a line that a kill left half written (it was never answered); return the last seq."""
        size = os.fstat(self.fd).st_size
        tail = os.pread(self.fd, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        end = tail.rfind(b"\n") + 1
        os.ftruncate(self.fd, size - len(tail) + end)
        last = tail[:end].rstrip(b"\n").rpartition(b"\n")[2]
        return int(orjson.loads(last)["seq"]) if last else 0


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
