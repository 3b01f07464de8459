"""The programs of a stack: what each is started with, and how it wants to be stopped."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stack.place import Place
    from stack.postgres import Postgres
    from stack.redis import RedisServer

# Longer than a task needs to notice the end, and than the workers' soft shutdown for whoever sends QUIT.
WORKER_STOP_WAIT_S: Final = 45
PROCESSES: Final = {"orchestrator": 2, "ml": 1, "emails": 2, "tracking": 1}
# Scoring and bookkeeping use whole cores in bursts; the senders keep the pace of the provider's limit.
NICE: Final = {"ml": 10, "tracking": 5}
# A beat ends when Redis is away and is started again every few seconds; importing costs it a second of CPU.
BEAT_NICE: Final = 5
BEATS: Final = ("beat-1", "beat-2")
FAKE_WEBHOOK_VARIABLE: Final = "FAKE_SENDGRID_WEBHOOK_URL"
FAKE_RETRY_FIRST_VARIABLE: Final = "FAKE_SENDGRID_RETRY_FIRST_S"
FAKE_RETRY_CAP_VARIABLE: Final = "FAKE_SENDGRID_RETRY_CAP_S"


@dataclass(frozen=True, kw_only=True)
class Program:
    """One entry of supervisord's configuration."""

    name: str
    command: list[str]
    folder: Path
    user: str | None = None
    start_s: int = 1
    """Ended sooner counts as a failed start, which is tried again after a growing pause."""
    stop_signal: str = "TERM"
    stop_wait_s: int = 30
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables for this program alone, beside those that all inherit."""


def override(programs: Iterable[Program], overrides_of: Mapping[str, Mapping[str, str]]) -> list[Program]:
    """The programs with the variables that are given to some of them by name; StackError for a name that none has."""
    known = {program.name: program for program in programs}
    if unknown := overrides_of.keys() - known.keys():
        raise StackError(f"there is no program {min(unknown)!r} to override. The programs are: {', '.join(known)}")
    return [
        replace(program, environment={**program.environment, **overrides_of.get(name, {})})
        for name, program in known.items()
    ]


def worker_name(queue: str) -> str:
    """The program of a queue's worker."""
    return f"worker-{queue}"


def worker_node(queue: str, place: Place) -> str:
    """The worker's name in Celery."""
    return f"{worker_name(queue)}@{place.name}"


def server_programs(postgres: Postgres, redis: RedisServer, *, folder: Path) -> list[Program]:
    """The servers that everything else needs."""
    return [
        Program(
            name="postgres",
            command=postgres.command,
            folder=Path("/"),  # its account may not enter the project
            user=postgres.account.name if postgres.account else None,
            stop_signal="INT",  # the fast shutdown: ends sessions, then writes a checkpoint
        ),
        Program(name="redis", command=redis.command, folder=folder),
    ]


def fake_program(place: Place) -> Program:
    """The provider's stand-in, which posts its events to our webhook; it reads FAKE_SENDGRID_API_KEY."""
    ports = place.ports
    command = [
        *(sys.executable, "-m", "fake_sendgrid"),
        *("--port", str(ports["fake"]), "--management-port", str(ports["fake_management"])),
        *("--data-dir", str(place.data / "fake")),
        *("--signing-key-file", str(place.signing_key)),
    ]
    # Not an option of the command: what is in the environment can be overridden.
    environment = {
        FAKE_WEBHOOK_VARIABLE: webhook_url(ports["web"]),
        # A minute's pause would stretch every local run in which the webhook was away for a moment.
        FAKE_RETRY_FIRST_VARIABLE: "1",
        FAKE_RETRY_CAP_VARIABLE: "30",
    }
    return Program(name="fake_sendgrid", command=command, folder=place.folder, environment=environment)


def webhook_url(port: int) -> str:
    """Where the provider posts its events."""
    return f"http://127.0.0.1:{port}/webhooks/sendgrid"


def fake_public_key(signing_key: Path) -> str:
    """The key that verifies the fake's posts; its private half is made at the first call."""
    command = [sys.executable, "-m", "fake_sendgrid", "key", "--file", str(signing_key)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"the fake made no signing key:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def application_programs(place: Place) -> list[Program]:
    """Ours: the web service, one worker a queue, and two beats of which one works."""
    return [
        Program(name="web", command=_web_command(place.ports["web"]), folder=place.folder, start_s=2),
        *(_worker(queue, processes, place) for queue, processes in PROCESSES.items()),
        *(Program(name=name, command=[*_nice(BEAT_NICE), *_celery(), "beat"], folder=place.folder) for name in BEATS),
    ]


def _web_command(port: int) -> list[str]:
    granian = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    return [*granian, "system.web.app:app"]


def _worker(queue: str, processes: int, place: Place) -> Program:
    nice = _nice(NICE[queue]) if queue in NICE else []
    # Gossip and mingle talk to all other workers through the broker, for nothing that we use.
    flags = ["--concurrency", str(processes), "--without-gossip", "--without-mingle"]
    command = [*nice, *_celery(), "worker", "-Q", queue, "-n", worker_node(queue, place), *flags]
    return Program(
        name=worker_name(queue),
        command=command,
        folder=place.folder,
        start_s=2,
        # TERM waits for running tasks, and ours end at their next group of mails; Celery's soft shutdown
        # (QUIT) would always sleep for its whole timeout.
        stop_wait_s=WORKER_STOP_WAIT_S,
    )


def _nice(by: int) -> list[str]:
    return ["nice", "-n", str(by)]


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "system.tasks.app"]
