"""The Docker daemon that some tests need: where none answers they skip with the reason, and in CI they fail."""

from __future__ import annotations

import shutil
import subprocess

from missing import go_without


def need_docker(*, image: str | None = None, compose: bool = False) -> None:
    """Ask for a client, a daemon that answers it, and what the caller names."""
    if not shutil.which("docker"):
        go_without("docker is not installed")
    if not _answers("version"):
        go_without("no docker daemon answers")
    if compose and not _answers("compose", "version"):
        go_without("docker has no plugin compose; Debian's package docker-compose brings it")
    if image and not _answers("image", "inspect", image):
        go_without(f"no image {image}; build it with deploy/images/offline.sh or as its Dockerfile says")


def _answers(*words: str) -> bool:
    try:
        return subprocess.run(["docker", *words], capture_output=True, timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
