"""A stack on which one experiment after the other is carried out, each as a campaign with a run folder of its own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from chaos.driver import Driver, DriverError
from chaos.errors import HarnessError
from chaos.fault import NotPossibleHereError
from chaos.fault_watch import FaultWatch, Planned
from chaos.injectors.broker import messages_held
from chaos.injectors.clock import clock_variables
from chaos.injectors.disk import SmallVolume
from chaos.process_watch import ProcessWatch
from chaos.proxied_stack import ProxiedStack
from chaos.scene import ORDERS, Scene, clock_file, volume_of
from chaos.toxiproxy.links import LINKS
from loadtests.provider import cancel_all_faults
from stack.programs import FAKE_RETRY_CAP_VARIABLE
from stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chaos.experiment import Experiment, Needs, Step
    from chaos.toxiproxy.links import Link
    from slo_reports.run_folder import Outcome, RunFolder

PROVIDER_RETRY_CAP_S: Final = 4
"""The longest pause between two attempts of the provider to post its events."""
PRODUCTS: Final = 200
TRAILING_S: Final = 2.0
FIRST_YEAR: Final = 2031
SUPPRESSIONS: Final = ("bounces", "blocks", "invalid_emails", "spam_reports")
# Everything that waits is shortened, everything that counts is as in production.
SETTINGS: Final = {
    "STEADYPOST_REQUEST_DEADLINE_S": "4",
    "STEADYPOST_CONNECT_TIMEOUT_S": "2",
    "STEADYPOST_CLAIM_LEASE_S": "9",
    # As in production, longer than the provider tells an event again: evidence that comes later finds a job given up.
    "STEADYPOST_RESOLUTION_DEADLINE_S": "25",
    "STEADYPOST_RETRY_AFTER_MAX_S": "8",
    "STEADYPOST_BATCH_JOBS": "100",
    "STEADYPOST_SOCKET_TIMEOUT_S": "3",
}


@dataclass
class Laboratory:
    """Up inside its context, with a population and a model; every campaign gets a week of its own."""

    name: str
    root: Path
    needs: Needs
    users: int
    seed: int
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    _run: RunFolder | None = None
    _weeks: Iterator[str] = field(
        default_factory=lambda: (f"{year}-W{week:02d}" for year in itertools.count(FIRST_YEAR) for week in range(1, 53))
    )

    def __enter__(self) -> Self:
        with ExitStack() as open_:
            self._up(open_)
            self._open = open_.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def stack(self) -> Stack:
        """What is experimented on."""
        return self.proxied.stack

    @property
    def env(self) -> dict[str, str]:
        """For programs that are clients of the stack."""
        return {**os.environ, **self.stack.env}

    def conduct(self, experiment: Experiment, run: RunFolder, *, control_rate: float | None = None) -> bool:
        """Run a campaign with the experiment's faults, and read everything out.

        Whether the campaign ended; one that got stuck is recorded and leaves the stack in no state for another.
        HarnessError and NotPossibleHereError when it could not be carried out.
        """
        scene = self._scene(experiment, run)
        steps = experiment.steps(scene)
        self._heal(steps)
        self._refresh_audience()
        held_before = messages_held(scene.redis_url)
        self._record_start(experiment, scene, run)
        run.update_facts(unacked_before=held_before, control={"mails_per_s": control_rate})
        self._run = run
        try:
            error = self._campaign(experiment, steps, scene, run)
            unacked = experiment.expected.unacked + held_before
            self._order("final_read", patience_s=60.0, run=str(run.path), provider=scene.provider, unacked=unacked)
        finally:
            self._run = None
        run.update_facts(state="finished", finished=_now(), reason=error)
        run.seal()
        return error is None

    def _campaign(self, experiment: Experiment, steps: Sequence[Step], scene: Scene, run: RunFolder) -> str | None:
        """What was wrong with the campaign itself, which is for the judge."""
        plan = [
            Planned(
                injector=step.injector,
                at_mails=int(step.at_share * experiment.users),
                for_s=step.hold_s,
                until_seen=step.until_seen,
            )
            for step in steps
        ]
        deadline_s = sum(step.hold_s for step in steps) + experiment.ended_within_s + 30.0
        error = None
        with FaultWatch(run, plan) as watch, ProcessWatch(run, self.stack.place.folder):
            try:
                self._order(
                    "campaign",
                    patience_s=deadline_s,
                    run=str(run.path),
                    week_key=scene.week_key,
                    deadline_s=deadline_s,
                    trailing_s=TRAILING_S,
                )
            except HarnessError as exc:
                error = str(exc)
        if isinstance(watch.error, NotPossibleHereError):
            raise watch.error
        if watch.error is not None:
            raise HarnessError(f"the fault could not be staged: {type(watch.error).__name__}: {watch.error}")
        return error

    def _record_start(self, experiment: Experiment, scene: Scene, run: RunFolder) -> None:
        run.write_facts(
            {
                "run_id": run.path.name,
                "profile": "chaos",
                "experiment": experiment.facts(),
                "mode": {
                    "kind": "compressed",
                    "compression": 100_000 / experiment.users,
                    "users": experiment.users,
                    "outage_s": 0,
                    "deadline_s": experiment.ended_within_s,
                },
                "week": scene.week_key,
                "seed": self.seed,
                "command": f"steadypost chaos run {experiment.name} --seed {self.seed}",
                "state": "recording",
                "reason": None,
                "started": _now(),
            }
        )

    def _scene(self, experiment: Experiment, run: RunFolder) -> Scene:
        return Scene(proxied=self.proxied, run=run, seed=self.seed, users=experiment.users, week_key=next(self._weeks))

    def _heal(self, steps: Sequence[Step]) -> None:
        """Once before the start, newest first: whatever an earlier experiment left behind must not count."""
        for step in reversed(steps):
            step.injector.heal()
        cancel_all_faults(f"http://127.0.0.1:{self.stack.ports['fake_management']}")
        self.proxied.proxies.heal()

    def _refresh_audience(self) -> None:
        """Last campaign's bounces suppressed some people, at the provider and here; each campaign mails the same."""
        self._order("fresh_audience", since=self._populated_at)
        for kind in SUPPRESSIONS:
            request = urllib.request.Request(  # our own fake
                f"http://127.0.0.1:{self.stack.ports['fake']}/v3/suppression/{kind}",
                method="DELETE",
                data=json.dumps({"delete_all": True}).encode(),
                headers={
                    "Authorization": f"Bearer {self.stack.place.secrets['api_key']}",
                    "Content-Type": "application/json",
                },
            )
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310  # same
                pass

    def _up(self, open_: ExitStack) -> None:
        stack = Stack(self.name, root=self.root, overrides={**self.settings, **self.needs.settings})
        stack.place.prepare()
        open_.callback(stack.place.remove)
        folder = stack.place.folder
        stack.overrides["STEADYPOST_FAILPOINTS"] = str(folder / ORDERS)
        stack.overrides_of["fake_sendgrid"] = {FAKE_RETRY_CAP_VARIABLE: str(PROVIDER_RETRY_CAP_S)}
        for name, mb in self.needs.small_volumes.items():
            open_.enter_context(SmallVolume(folder=volume_of(stack.place.data, name), mb=mb))
        for program in self.needs.clock_of:
            stack.overrides_of[program] = clock_variables(clock_file(folder, program))
        self.proxied = open_.enter_context(ProxiedStack(stack, note=self._note, links=self._links()))
        self._program("population", "generate", "--users", self.users, "--products", PRODUCTS, "--seed", self.seed)
        self._program("model", "train")
        self._populated_at = _now()
        self._driver = open_.enter_context(Driver(env=self.env, log=stack.place.log_of("driver")))

    def _links(self) -> list[Link]:
        return [link for link in LINKS if link.name in self.needs.links]

    def _program(self, *arguments: object) -> None:
        command = [str(Path(sys.executable).with_name("steadypost")), *map(str, arguments)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr or done.stdout)[-500:]
            raise HarnessError(f"steadypost {arguments[0]} {arguments[1]} failed: {said}")

    def _order(self, do: str, *, patience_s: float = 0.0, **how: Any) -> None:
        try:
            self._driver.order(do, patience_s=patience_s, **how)
        except DriverError as exc:
            raise HarnessError(str(exc)) from None

    def _note(
        self,
        actor: str,
        kind: Outcome,
        f: str,
        *,
        value: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        """The proxies' calls belong to whichever experiment is under way."""
        if self._run is not None:
            self._run.note(actor, kind, f, value=value, error=error)


def _now() -> str:
    return datetime.now(UTC).isoformat()
