"""When a fault begins, that it is looked at, and that it is healed whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from chaos.fault import injected
from chaos.fault_watch import FaultWatch, Planned
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@dataclass
class Switch:
    """Something that can be broken."""

    bites: bool = True
    broken: bool = False
    done: list[str] = field(default_factory=list)
    fault: str = "F01"
    name: str = "switch"
    evidence: str = "a switch that is off"

    def describe(self) -> dict[str, Any]:
        return {"injector": "test"}

    def inject(self) -> None:
        self.done.append("inject")
        self.broken = True

    def look(self) -> bool:
        return self.broken and self.bites

    def heal(self) -> None:
        self.done.append("heal")
        self.broken = False


def a_sample(run: RunFolder, delivered: int) -> None:
    run.append(run_folder.SAMPLES, {"jobs": {"delivered": delivered, "ready": 1000}})


def wait_for(switch: Switch, *done: str) -> None:
    def check() -> None:
        if tuple(switch.done) != done:
            raise NotReadyError(str(switch.done))

    wait_until_ready(check, what="the fault", deadline_s=10)


def effects(run: RunFolder) -> list[int]:
    return [line["value"]["observed"] for line in run.lines(run_folder.HISTORY) if line["f"] == "effect"]


def test_the_fault_begins_when_enough_mails_are_out(tmp_path: Path) -> None:
    run, switch = RunFolder(tmp_path), Switch()
    a_sample(run, 10)
    with FaultWatch(run, [Planned(injector=switch, at_mails=100, for_s=1.0)]):
        a_sample(run, 99)
        assert switch.done == []
        a_sample(run, 100)
        wait_for(switch, "inject", "heal")
    assert effects(run) == [1]


def test_leaving_early_heals_at_once(tmp_path: Path) -> None:
    run, switch = RunFolder(tmp_path), Switch()
    a_sample(run, 500)
    with FaultWatch(run, [Planned(injector=switch, at_mails=100, for_s=600.0)]):
        wait_for(switch, "inject")
    assert switch.done == ["inject", "heal"]
    assert [line["f"] for line in run.lines(run_folder.HISTORY)] == ["inject", "inject", "effect", "heal", "heal"]


def test_a_fault_that_does_not_bite_is_recorded_with_nothing_observed(tmp_path: Path) -> None:
    run, switch = RunFolder(tmp_path), Switch(bites=False)
    a_sample(run, 500)
    with FaultWatch(run, [Planned(injector=switch, at_mails=100, for_s=1.0)]):
        wait_for(switch, "inject", "heal")
    assert effects(run) == [0]


def test_a_fault_that_was_only_to_be_seen_is_healed_when_it_was(tmp_path: Path) -> None:
    run, switch = RunFolder(tmp_path), Switch()
    a_sample(run, 500)
    with FaultWatch(run, [Planned(injector=switch, at_mails=100, for_s=600.0, until_seen=True)]):
        wait_for(switch, "inject", "heal")
    assert effects(run) == [1]


def test_the_next_fault_begins_when_the_one_before_is_healed(tmp_path: Path) -> None:
    run, done = RunFolder(tmp_path), list[str]()
    first, second = Switch(done=done), Switch(done=done)
    a_sample(run, 500)
    plan = [Planned(injector=one, at_mails=100, for_s=0.5) for one in (first, second)]
    with FaultWatch(run, plan):
        wait_for(second, "inject", "heal", "inject", "heal")


def test_a_failing_injector_is_healed_and_reported(tmp_path: Path) -> None:
    class Stuck(Switch):
        def inject(self) -> None:
            super().inject()
            raise OSError("the provider's management port is gone")

    run, switch = RunFolder(tmp_path), Stuck()
    a_sample(run, 500)
    watch = FaultWatch(run, [Planned(injector=switch, at_mails=100, for_s=1.0)])
    with watch:
        wait_for(switch, "inject", "heal")
    assert "management port is gone" in str(watch.error)


def test_a_fault_is_healed_when_its_context_fails(tmp_path: Path) -> None:
    switch = Switch()
    with pytest.raises(KeyboardInterrupt), injected(RunFolder(tmp_path), switch, for_s=5):
        raise KeyboardInterrupt
    assert not switch.broken
