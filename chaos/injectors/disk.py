"""F28: a server's data volume is full, until somebody makes room; the volume is a small one in memory."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from chaos.fault import NotPossibleHereError

if TYPE_CHECKING:
    from pathlib import Path

BALLAST: Final = ".chaos-ballast"
CHUNKS: Final = (1 << 20, 1 << 12, 1)
"""Bytes per write: large ones while they fit, then what fills the last page."""


@dataclass(frozen=True, kw_only=True)
class SmallVolume:
    """A volume of its own at a folder, mounted inside the context; enter it before the stack lays its data there."""

    folder: Path
    mb: int

    def __enter__(self) -> Self:
        reason = why_not()
        if reason is not None:
            raise NotPossibleHereError(reason)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._unmount()
        options = f"size={self.mb}m,mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=True)  # noqa: S607  # system tool
        return self

    def __exit__(self, *_: object) -> None:
        self._unmount()

    def _unmount(self) -> None:
        while os.path.ismount(self.folder):
            subprocess.run(["umount", "--lazy", self.folder], check=True)  # noqa: S607  # system tool


def why_not() -> str | None:
    """The reason why no volume can be mounted here, None when one can."""
    if sys.platform != "linux":
        return f"a volume in memory needs Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "mounting a small volume needs root"
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False)  # noqa: S607  # system tool
    return None if tried.returncode == 0 else "mounting is forbidden here, even to root"


@dataclass(kw_only=True)
class DiskFull:
    """The volume at a folder has no byte left."""

    folder: Path
    fault: str = "F28"
    evidence: ClassVar[str] = "a write of the harness's own that fails with ENOSPC"

    @property
    def name(self) -> str:
        """Such as `redis:disk-full`."""
        return f"{self.folder.name}:disk-full"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "disk", "what": f"the volume of {self.folder.name} is full"}

    def inject(self) -> None:
        """Fill it; refuses to fill a volume that others share."""
        if not os.path.ismount(self.folder):
            raise NotPossibleHereError(f"{self.folder} is no volume of its own; enter SmallVolume before the stack")
        with (self.folder / BALLAST).open("ab", buffering=0) as ballast:
            for size in CHUNKS:
                _write_until_full(ballast.fileno(), b"\0" * size)

    def look(self) -> bool:
        """Whether nobody can write a byte."""
        probe = self.folder / f"{BALLAST}-probe"
        try:
            probe.write_bytes(b"\0")
        except OSError as exc:
            return exc.errno == errno.ENOSPC
        finally:
            probe.unlink(missing_ok=True)
        return False

    def heal(self) -> None:
        """Make room."""
        (self.folder / BALLAST).unlink(missing_ok=True)


def _write_until_full(file: int, chunk: bytes) -> None:
    while True:
        try:
            os.write(file, chunk)
        except OSError as exc:
            if exc.errno != errno.ENOSPC:
                raise
            return
