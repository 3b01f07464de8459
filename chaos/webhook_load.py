"""The webhook load beside a campaign: Locust as a program of its own, started and stopped with the context."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from loadtests.webhook.parts import LIVE, LOAD
from slo_reports import run_folder
from stack.errors import StackError
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from slo_reports.run_folder import RunFolder

STOP_DEADLINE_S: Final = 20.0
START_DEADLINE_S: Final = 60.0


@dataclass
class WebhookLoad:
    """Posts signed events for last week's campaign, and hostile ones, until the context ends."""

    run: RunFolder
    env: Mapping[str, str]
    url: str
    signing_key: Path
    targets: Path
    """Last week's mails, which the events speak of."""
    live_targets: Path
    """Mails of the running campaign, for attacks; the file may appear later."""
    stages: str
    seed: int

    def __enter__(self) -> Self:
        logs = self.run.path / run_folder.LOGS
        logs.mkdir(exist_ok=True)
        with (logs / "locust.log").open("w", encoding="utf-8") as log:
            # A session of its own: Ctrl-C is for us, and we end it in order.
            self.process = subprocess.Popen(
                self._command(), env=self.env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.run.note("load", "invoke", "webhook_load", value={"stages": self.stages})
        try:
            wait_until_ready(self._check_started, what="the webhook load", deadline_s=START_DEADLINE_S)
        except BaseException:
            self.process.kill()
            raise
        return self

    def _check_started(self) -> None:
        if self.process.poll() is not None:
            raise StackError(f"Locust ended with {self.process.returncode}; see logs/locust.log")
        if not (self.run.path / LIVE).exists():
            raise NotReadyError("it has not posted anything yet")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        error = None if code == 0 else f"Locust ended with {code}; see logs/locust.log"
        self.run.note("load", "ok" if code == 0 else "fail", "webhook_load", error=error)
        self.run.update_facts(load=self._summary())

    def _summary(self) -> dict[str, Any] | None:
        path = self.run.path / LOAD
        try:
            summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        path.unlink()
        (self.run.path / LIVE).unlink(missing_ok=True)
        return summary

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "loadtests.webhook_run", "--run", str(self.run.path), "--url", self.url),
            *("--signing-key", str(self.signing_key), "--targets", str(self.targets)),
            *("--live-targets", str(self.live_targets)),
            *("--stages", self.stages, "--seed", str(self.seed)),
        ]
