"""Records one run: the whole system on this machine, a campaign through it, an outage in the middle.

stack up ─▶ population, model, last week ─▶ campaign ∥ webhook load ∥ outage ─▶ final read ─▶ stack down ─▶ seal
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chaos.errors import HarnessError
from chaos.fault_watch import FaultWatch, Planned
from chaos.process_watch import ProcessWatch
from chaos.provider_outage import ProviderOutage
from chaos.webhook_load import WebhookLoad
from loadtests.environment import measure_noise, read_machine, read_servers, read_source
from slo_reports import run_folder
from stack.errors import StackError
from stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from chaos.profiles import Profile
    from slo_reports.run_folder import RunFolder

PROJECT: Final = Path(__file__).parent.parent


@dataclass
class Recording:
    """One run of `slo-test`, from an empty machine to a sealed run folder."""

    run: RunFolder
    profile: Profile
    name: str
    seed: int
    keep: bool
    console: Console

    def __post_init__(self) -> None:
        overrides = {"STEADYPOST_RESOLUTION_DEADLINE_S": f"{self.profile.resolution_deadline_s:g}"}
        self.stack = Stack(f"slo-test-{self.run.path.name}", overrides=overrides)

    def make(self) -> None:
        """Record; whatever happens, faults are healed, everything is stopped, and the folder says how it ended."""
        self.run.write_facts(self._facts())
        try:
            with self._removed_afterwards():
                self._prepare()
                self._measure()
        except KeyboardInterrupt:
            self._end("interrupted", reason="stopped by Ctrl-C or SIGTERM")
        except (StackError, OSError) as exc:
            self._end("failed", reason=str(exc))
            raise HarnessError(str(exc)) from None
        except HarnessError as exc:
            self._end("failed", reason=str(exc))
            raise
        else:
            self._end("finished", reason=None)

    def _prepare(self) -> None:
        with self.console.status("starting the stack") as status:
            self.stack.up(announce=lambda what: status.update(f"starting the stack: waiting for {what}"))
        self.console.print(f"stack is up in {self.stack.place.folder}", highlight=False)
        env = self.stack.env
        servers = read_servers(database_url=env["STEADYPOST_DATABASE_URL"], redis_url=env["STEADYPOST_REDIS_URL"])
        facts = self.run.facts()
        self.run.update_facts(environment={**facts["environment"], **servers})
        size = ("--users", str(self.profile.users), "--products", str(self.profile.products))
        self._program("steadypost", "population", "generate", *size, "--seed", str(self.seed))
        self._program("steadypost", "model", "train")
        self._module("loadtests.past_campaign", "--targets", str(self._targets))

    def _measure(self) -> None:
        try:
            self._campaign()
        finally:
            with _without_interrupts():
                self.run.note("harness", "ok", "phase", value={"phase": "final read"})
                with self.console.status("waiting for rest, then reading everything out"):
                    self._module("loadtests.final_read", "--run", str(self.run.path), "--provider", self._provider)

    def _campaign(self) -> None:
        options = ("--deadline-s", f"{self.profile.deadline_s:g}", "--trailing-s", f"{self.profile.trailing_s:g}")
        self.run.note("harness", "ok", "phase", value={"phase": "sending"})
        with ExitStack() as beside:
            load = beside.enter_context(self._webhook_load())
            others = {"locust": load.process.pid}
            beside.enter_context(ProcessWatch(self.run, self.stack.place.folder, others=others))
            outage = beside.enter_context(self._outage())
            live = ("--live-targets", str(self._live_targets))
            self._module("loadtests.campaign", "--run", str(self.run.path), *options, *live)
        if outage.error is not None:
            raise HarnessError(f"the outage could not be staged: {outage.error}")

    def _webhook_load(self) -> WebhookLoad:
        return WebhookLoad(
            self.run,
            env={**os.environ, **self.stack.env},
            url=f"http://127.0.0.1:{self.stack.ports['web']}",
            signing_key=self.stack.place.signing_key,
            targets=self._targets,
            live_targets=self._live_targets,
            stages=self.profile.stages,
            seed=self.seed,
        )

    def _outage(self) -> FaultWatch:
        provider = ProviderOutage(management_url=self._provider, port=self.stack.ports["fake"])
        at_mails = int(self.profile.outage_at_share * self.profile.users)
        return FaultWatch(self.run, [Planned(injector=provider, at_mails=at_mails, for_s=self.profile.outage_s)])

    @contextmanager
    def _removed_afterwards(self) -> Iterator[None]:
        try:
            yield
        finally:
            with _without_interrupts():
                self.stack.down()
                if self.stack.place.logs.exists():
                    shutil.copytree(self.stack.place.logs, self.run.path / run_folder.LOGS, dirs_exist_ok=True)
                if not self.keep:
                    self.stack.place.remove()

    def _end(self, state: str, *, reason: str | None) -> None:
        facts = self.run.facts()
        environment = facts["environment"]
        environment["noise"]["after"] = measure_noise()
        self.run.update_facts(state=state, reason=reason, finished=_now(), environment=environment)
        self.run.seal()

    def _facts(self) -> dict[str, Any]:
        return {
            "run_id": self.run.path.name,
            "profile": self.name,
            "mode": self.profile.mode(),
            "durations": self.profile.durations(),
            "seed": self.seed,
            "command": f"make slo-test PROFILE={self.name} SEED={self.seed}",
            "state": "recording",
            "reason": None,
            "started": _now(),
            "environment": {**read_machine(), "noise": {"before": measure_noise()}},
            **read_source(PROJECT),
        }

    @property
    def _provider(self) -> str:
        return f"http://127.0.0.1:{self.stack.ports['fake_management']}"

    @property
    def _targets(self) -> Path:
        return self.stack.place.folder / "webhook-targets.jsonl"

    @property
    def _live_targets(self) -> Path:
        return self.stack.place.folder / "live-targets.jsonl"

    def _program(self, name: str, *arguments: str) -> None:
        self._execute([str(Path(sys.executable).with_name(name)), *arguments])

    def _module(self, name: str, *arguments: str) -> None:
        self._execute([sys.executable, "-m", name, *arguments])

    def _execute(self, command: list[str]) -> None:
        done = subprocess.run(command, env={**os.environ, **self.stack.env}, check=False)
        if done.returncode != 0:
            what = " ".join(part for part in command[1:3] if part != "-m")
            raise HarnessError(f"{what} ended with {done.returncode}")


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """A second Ctrl-C must not leave half of the system running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _now() -> str:
    return datetime.now(UTC).isoformat()
