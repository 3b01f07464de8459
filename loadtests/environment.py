"""What a run ran on: machine, packages, source, servers and their durability, and how noisy the machine was."""

from __future__ import annotations

import hashlib
import os
import platform
import statistics
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

PACKAGES: Final = (
    "celery", "kombu", "redis", "celery-redbeat", "sqlalchemy", "psycopg", "aiohttp", "granian", "fastapi",
    "onnxruntime", "numpy", "locust",
)  # fmt: skip
POSTGRES_SETTINGS: Final = (
    "server_version", "synchronous_commit", "fsync", "full_page_writes", "wal_level", "shared_buffers",
    "max_connections", "commit_delay",
)  # fmt: skip
REDIS_SETTINGS: Final = ("appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy")
REFERENCE_ROUNDS: Final = 25
REFERENCE_STEPS: Final = 200_000
GIB: Final = 1 << 30


def read_machine() -> dict[str, Any]:
    """Hardware, operating system and the packages that matter."""
    return {
        "cpu_model": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1),
        "kernel": platform.release(),
        "os": _os_name(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "packages": {name: _version_of(name) for name in PACKAGES},
    }


def read_source(root: Path) -> dict[str, Any]:
    """Commit, whether the tree differs from it, and the hash of the locked environment."""
    lock = root / "uv.lock"
    return {
        "git": {"sha": _git(root, "rev-parse", "HEAD"), "dirty": bool(_git(root, "status", "--porcelain"))},
        "lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else None,
    }


def read_servers(*, database_url: str, redis_url: str) -> dict[str, Any]:
    """Versions of PostgreSQL and Redis, and the settings that decide what a crash can undo."""
    with psycopg.connect(database_url.replace("+psycopg", "", 1), connect_timeout=5) as connection:
        shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in POSTGRES_SETTINGS}
    with redis.Redis.from_url(redis_url, socket_timeout=5.0, decode_responses=True) as client:
        info: Any = client.info("server")
        settings = {name.replace("-", "_"): client.config_get(name).get(name) for name in REDIS_SETTINGS}
    postgres = {name: row[0] if row else None for name, row in shown.items()}
    return {
        "postgres": {"version": postgres.pop("server_version"), **postgres},
        "redis": {"version": info.get("redis_version"), **settings},
    }


def measure_noise() -> dict[str, Any]:
    """Times a fixed piece of work: on a quiet machine the slowest rounds take hardly longer than the fastest.

    `spread` is (90th percentile - fastest) / fastest; a run above 0.25 should not be compared with others.
    """
    took_ms = sorted(_reference_loop_ms() for _ in range(REFERENCE_ROUNDS))
    fastest, slow = took_ms[0], statistics.quantiles(took_ms, n=10)[-1]
    return {
        "reference_loop_ms": {
            "min": round(fastest, 3),
            "p50": round(statistics.median(took_ms), 3),
            "p90": round(slow, 3),
        },
        "spread": round((slow - fastest) / fastest, 4),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _reference_loop_ms() -> float:
    began = time.perf_counter()
    total = 0
    for step in range(REFERENCE_STEPS):
        total += step & 7
    return (time.perf_counter() - began) * 1000


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
