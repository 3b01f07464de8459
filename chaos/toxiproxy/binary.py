"""Finds the Toxiproxy server of the one version that is known here, or gets it: PATH, Go, container image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.toxiproxy.errors import ToxiproxyError

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION: Final = "2.12.0"
PROGRAM: Final = "toxiproxy-server"
FOLDER: Final = Path(__file__).resolve().parents[2] / ".tools" / "toxiproxy"
MODULE: Final = "github.com/Shopify/toxiproxy/v2"
IMAGE: Final = f"ghcr.io/shopify/toxiproxy:{VERSION}"
OFFICIAL_GO: Final = Path("/usr/local/go/bin/go")
"""Where Go's own installer puts it, often without touching PATH."""
GET_DEADLINE_S: Final = 1800.0
"""A build takes a minute of one core, and many on a machine that is busy."""
ASK_DEADLINE_S: Final = 10.0
THREE_WAYS: Final = (
    f"Three ways to get it: put {PROGRAM} {VERSION} on PATH; or install Go 1.23 or newer, with which it is built "
    f"from {MODULE}; or start a container engine, from whose image {IMAGE} it is copied. Then: make toxiproxy"
)


class _NotThisWayError(Exception):
    """Why one of the ways leads nowhere."""


def find_toxiproxy(*, folder: Path = FOLDER) -> Path:
    """The server's program; one that had to be got stays in `folder`.

    ToxiproxyError tells why each way failed, and names all three.
    """
    failed = []
    for way in (_on_path, _kept, _built, _copied):
        try:
            return way(folder)
        except _NotThisWayError as exc:
            failed.append(str(exc))
    raise ToxiproxyError(f"no Toxiproxy {VERSION}: {'; '.join(failed)}. {THREE_WAYS}")


def _on_path(_: Path) -> Path:
    found = shutil.which(PROGRAM)
    if found is None:
        raise _NotThisWayError(f"no {PROGRAM} on PATH")
    return _of_our_version(Path(found))


def _kept(folder: Path) -> Path:
    program = folder / PROGRAM
    if not program.exists():
        raise _NotThisWayError(f"none in {folder}")
    return _of_our_version(program)


def _built(folder: Path) -> Path:
    go = shutil.which("go") or (str(OFFICIAL_GO) if OFFICIAL_GO.exists() else None)
    if go is None:
        raise _NotThisWayError("no Go to build it with")
    # Only releases of the project itself carry their number; ours is stamped with the version that Go verified.
    stamp = f"-s -w -X {MODULE}.Version={VERSION}"
    command = [go, "install", "-trimpath", "-ldflags", stamp, f"{MODULE}/cmd/server@v{VERSION}"]
    with _draft(folder) as draft:
        _execute(command, what="Go", env={**os.environ, "GOBIN": str(draft)})
        return _keep(draft / "server", folder)


def _copied(folder: Path) -> Path:
    """Only the program is taken out of the image: as a process of ours it can be watched, frozen and replaced."""
    engine = shutil.which("docker")
    if engine is None or sys.platform != "linux":
        raise _NotThisWayError("no container engine that runs Linux programs beside ours")
    _execute([engine, "info"], what="the container engine", deadline_s=ASK_DEADLINE_S)
    container = _execute([engine, "create", IMAGE], what="the container engine").splitlines()[-1]
    try:
        with _draft(folder) as draft:
            copy = draft / "toxiproxy"
            _execute([engine, "cp", f"{container}:/toxiproxy", str(copy)], what="the container engine")
            return _keep(copy, folder)
    finally:
        _execute([engine, "rm", container], what="the container engine")


def _execute(
    command: list[str], *, what: str, env: dict[str, str] | None = None, deadline_s: float = GET_DEADLINE_S
) -> str:
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=deadline_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise _NotThisWayError(f"{what} failed: {exc}") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise _NotThisWayError(f"{what} failed: {said[-1]}")
    return done.stdout.strip()


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder beside the target: two runs may get the program at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as draft:
        yield Path(draft)


def _keep(made: Path, folder: Path) -> Path:
    made.chmod(0o755)
    _of_our_version(made)
    return made.replace(folder / PROGRAM)


def _of_our_version(program: Path) -> Path:
    version = _version_of(program)
    if version != VERSION:
        raise _NotThisWayError(f"{program} is version {version}")
    return program


def _version_of(program: Path) -> str:
    try:
        done = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=ASK_DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return f"unknown ({exc})"
    match = re.search(r"version (\S+)", done.stdout)
    said = match[1] if match else "unknown"
    return _version_in(program) if said == "git" else said


def _version_in(program: Path) -> str:
    """Who built it by hand got no stamp; Go writes the module's version into every program."""
    match = re.search(rb"\nmod\t" + MODULE.encode() + rb"\tv(\S+)\t", program.read_bytes())
    return match[1].decode() if match else "git"
