"""A beat, one worker for all queues and the fake provider: as little as sends the batches of a campaign."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.ports import find_ports
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shop_world import Shop

API_KEY = "SG.0123456789.abcdefghijklmnopqrstuvwxyz"
QUEUES = "orchestrator,ml,emails,tracking"
DEADLINE_S = 120.0


@dataclass
class SmallSystem:
    """Running; `logs` is what beat and worker say."""

    management: str
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]]

    @property
    def logs(self) -> str:
        return "\n".join((self.folder / f"{name}.log").read_text() for name in self.processes)

    def accepted(self) -> int:
        """Mails, as the provider counts them."""
        with urllib.request.urlopen(f"{self.management}/summary", timeout=10) as response:
            return int(json.load(response)["accepted"])

    def wait_until_sent(self, jobs: int) -> None:
        """Until the provider has accepted that many mails."""

        def check() -> None:
            if (accepted := self.accepted()) < jobs:
                raise NotReadyError(f"{accepted} mails\n{self.logs[-3000:]}")

        wait_until_ready(check, what=f"{jobs} mails", deadline_s=DEADLINE_S, is_alive=self._lives)

    def _lives(self) -> bool:
        return self.processes["worker"].poll() is None


def add_ready_jobs(shop: Shop, jobs: int) -> None:
    """A campaign whose jobs wait for nothing but a sweep that sees them."""
    shop.add_products()
    campaign_id = shop.add_campaign(shop.add_newsletter())
    for _ in range(jobs):
        shop.add_job(campaign_id)


def environment(database_url: str, **settings: str) -> dict[str, str]:
    """For one process; every further setting is named as in Settings."""
    values = {
        "environment": "development",
        "database_url": database_url,
        "webhook_public_keys": "[]",
        "public_url": "http://127.0.0.1:1",
        "link_keys": json.dumps(["0123456789abcdefghijklmnopqrstuv"]),
        "from_email": "weekly@shop.example",
        "from_name": "Harbour & Home",
        "postal_address": "12 Quay Street",
        "shop_url": "https://shop.example",
        "accounts__default__api_key": API_KEY,
        **settings,
    }
    return {**os.environ, **{f"STEADYPOST_{name.upper()}": value for name, value in values.items()}}


@contextmanager
def small_system(
    folder: Path, *, database_url: str, of_worker: Mapping[str, str], of_beat: Mapping[str, str]
) -> Iterator[SmallSystem]:
    """Up inside; `of_worker` and `of_beat` are the settings in which they differ."""
    with ExitStack() as open_:
        api, management = open_.enter_context(_fake(folder))
        commands = {
            "worker": ["worker", "-Q", QUEUES, "--concurrency", "2", "--without-gossip", "--without-mingle"],
            "beat": ["beat"],
        }
        processes = {}
        for (name, command), differing in zip(commands.items(), (of_worker, of_beat), strict=True):
            env = environment(database_url, accounts__default__api_url=api, **differing)
            processes[name] = open_.enter_context(_celery(command, env, folder / f"{name}.log"))
        yield SmallSystem(management, folder, processes)


@contextmanager
def _celery(arguments: list[str], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        command = [sys.executable, "-m", "celery", "-A", "system.tasks.app", *arguments]
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, cwd=log.parent)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def _fake(folder: Path) -> Iterator[tuple[str, str]]:
    """Its two addresses."""
    api, management = find_ports(2, choice=random.SystemRandom())
    command = [sys.executable, "-m", "fake_sendgrid", f"--port={api}", f"--management-port={management}"]
    command += [f"--data-dir={folder / 'fake'}", f"--api-key={API_KEY}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert len(re.findall(r"http://", process.stdout.readline())) == 2
        yield f"http://127.0.0.1:{api}", f"http://127.0.0.1:{management}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
