"""One whole system for the tests of this folder, and campaigns on it that are disturbed and then judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from slo_reports import run_folder
from slo_reports.judge import judge
from slo_reports.run_folder import RunFolder
from slo_reports.verdict import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.stack import Stack

USERS = 600
DEADLINE_S = 150
ALWAYS_KNOWN = {"I1", "I2", "I3", "I5", "I6", "I8", "I9", "I10", "I13", "I14"}


@dataclass
class Mailing:
    """A stack with a population and a model; each campaign gets a week of its own."""

    stack: Stack
    folder: Path
    weeks: Iterator[str] = field(default_factory=lambda: (f"2031-W{week:02d}" for week in range(1, 53)))

    @property
    def provider(self) -> str:
        return f"http://127.0.0.1:{self.stack.ports['fake_management']}"

    def steadypost(self, *arguments: str) -> str:
        program = Path(sys.executable).with_name("steadypost")
        done = subprocess.run(
            [program, *arguments], env=self.env, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, **self.stack.env}

    @contextmanager
    def campaign(self) -> Iterator[Disturbed]:
        """A campaign that runs inside, and has ended and is recorded afterwards."""
        week = next(self.weeks)
        run = RunFolder(self.folder / week)
        started = datetime.now(UTC).isoformat()
        run.write_facts({"profile": "acceptance", "week": week, "state": "recording", "started": started})
        command = [sys.executable, "-m", "loadtests.campaign", "--run", str(run.path), "--week", week]
        command += ["--deadline-s", str(DEADLINE_S), "--trailing-s", "2"]
        with (run.path / "driver.log").open("w") as log:
            driver = subprocess.Popen(command, env=self.env, stdout=log, stderr=subprocess.STDOUT)
            disturbed = Disturbed(self, run, driver)
            try:
                yield disturbed
                code = driver.wait(timeout=DEADLINE_S + 60)
            finally:
                driver.kill()
                driver.wait()
        assert code == 0, (run.path / "driver.log").read_text()[-3000:]
        self._read_finally(run)

    def _read_finally(self, run: RunFolder) -> None:
        command = [sys.executable, "-m", "loadtests.final_read", "--run", str(run.path), "--provider", self.provider]
        subprocess.run(command, env=self.env, check=True, timeout=DEADLINE_S)
        run.update_facts(state="finished", finished=datetime.now(UTC).isoformat())
        run.seal()


@dataclass
class Disturbed:
    """A campaign under way."""

    mailing: Mailing
    run: RunFolder
    driver: subprocess.Popen[bytes]

    def broken_invariants(self) -> list[str]:
        """What the judge holds against the recorded run.

        Objectives such as full speed are not asked here, and what only a whole `slo-test` records may stay unknown.
        """
        return [
            f"{verdict.id} {verdict.name} {verdict.status}: {verdict.says} {verdict.evidence[:5]}"
            for verdict in judge(self.run)
            if verdict.kind is Kind.INVARIANT and verdict.status is not Status.MET
            if verdict.status is Status.MISSED or verdict.id in ALWAYS_KNOWN
        ]

    def jobs_in(self, status: str) -> int:
        return sum(job["status"] == status for job in self.run.lines(run_folder.JOBS))


def accepted_mails(provider: str) -> int:
    with urllib.request.urlopen(f"{provider}/summary", timeout=10) as response:
        return int(json.load(response)["accepted"])
