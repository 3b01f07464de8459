from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from supervised import wait_for

from chaos.injectors.process import Away, Ended, Frozen, RollingDeploy, family_of
from stack.errors import StackError

if TYPE_CHECKING:
    from stack.supervisor import Supervisor

pytestmark = pytest.mark.integration


def states_in_kernel(supervisor: Supervisor, program: str) -> set[str]:
    """The third field of /proc/PID/stat of each process."""
    pids = [supervisor.pid(program), *supervisor.children(program)]
    return {Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in pids}


def test_a_killed_program_and_all_its_processes_are_replaced(supervisor: Supervisor) -> None:
    kill = Ended(supervisor=supervisor, fault="F07", program="worker")
    before = {process.pid for process in family_of(supervisor, "worker")}
    assert not kill.look()
    kill.inject()
    wait_for(kill.look, "the end of all three")
    kill.heal()
    assert not kill.look()
    wait_for(lambda: len(supervisor.children("worker")) == 2, "new children")
    assert before.isdisjoint(process.pid for process in family_of(supervisor, "worker"))
    kill.heal()
    assert supervisor.states()["worker"].state == "RUNNING"


def test_a_killed_child_leaves_its_program_alone(supervisor: Supervisor) -> None:
    kill = Ended(supervisor=supervisor, fault="F07", program="worker", whom="child")
    first, children = supervisor.pid("worker"), set(supervisor.children("worker"))
    kill.inject()
    wait_for(kill.look, "the end of one")
    kill.heal()
    assert supervisor.pid("worker") == first
    # The dead one is listed until its parent has noticed.
    wait_for(lambda: len(children & set(supervisor.children("worker"))) == 1, "the end of one in its parent's eyes")
    wait_for(lambda: len(set(supervisor.children("worker")) - children) == 1, "a new child")


def test_a_program_without_children_has_none_to_kill(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match="counter has no child process to end"):
        Ended(supervisor=supervisor, fault="F07", program="counter", whom="child").inject()


def test_a_terminated_program_is_replaced(supervisor: Supervisor) -> None:
    terminate = Ended(supervisor=supervisor, fault="F08", program="counter", how="TERM")
    first = supervisor.pid("counter")
    assert not terminate.look()
    terminate.inject()
    wait_for(terminate.look, "its end")
    terminate.heal()
    assert not terminate.look()
    assert supervisor.pid("counter") != first


def test_a_frozen_program_does_nothing_until_it_is_healed(supervisor: Supervisor, tmp_path: Path) -> None:
    freeze = Frozen(supervisor=supervisor, fault="F17", program="counter")
    log = tmp_path / "counter.log"
    first = supervisor.pid("counter")
    assert not freeze.look()
    freeze.inject()
    assert freeze.look()
    assert states_in_kernel(supervisor, "counter") == {"T"}
    assert supervisor.pid("counter") == first
    printed = log.stat().st_size
    freeze.heal()
    assert not freeze.look()
    assert "T" not in states_in_kernel(supervisor, "counter")
    wait_for(lambda: log.stat().st_size > printed, "more numbers")
    freeze.heal()
    assert supervisor.pid("counter") == first


def test_freezing_reaches_the_children_too(supervisor: Supervisor) -> None:
    freeze = Frozen(supervisor=supervisor, fault="F17", program="worker")
    freeze.inject()
    assert states_in_kernel(supervisor, "worker") == {"T"}
    freeze.heal()
    assert "T" not in states_in_kernel(supervisor, "worker")


def test_a_freeze_that_somebody_else_has_ended_is_not_claimed(supervisor: Supervisor) -> None:
    freeze = Frozen(supervisor=supervisor, fault="F17", program="worker")
    freeze.inject()
    os.kill(supervisor.children("worker")[0], 18)
    wait_for(lambda: not freeze.look(), "the look to say no")
    freeze.heal()


def test_what_was_frozen_and_killed_meanwhile_is_healed_all_the_same(supervisor: Supervisor) -> None:
    freeze = Frozen(supervisor=supervisor, fault="F17", program="counter")
    freeze.inject()
    psutil.Process(supervisor.pid("counter")).kill()
    freeze.heal()
    assert supervisor.states()["counter"].state == "RUNNING"


@pytest.mark.parametrize("how", ["STOP", "KILL"])
def test_what_is_away_stays_away_until_it_is_healed(supervisor: Supervisor, how: str) -> None:
    away = Away(supervisor=supervisor, fault="F09", program="worker", how=how)  # type: ignore[arg-type]  # both are allowed
    before = family_of(supervisor, "worker")
    assert not away.look()
    away.inject()
    assert away.look()
    assert supervisor.states()["worker"].state == "STOPPED"
    assert not before[0].is_running()
    away.heal()
    assert not away.look()
    first = supervisor.pid("worker")
    away.heal()
    assert supervisor.pid("worker") == first


def test_a_program_may_come_back_without_its_data(supervisor: Supervisor, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "appendonlydir").mkdir(parents=True)
    (data / "appendonlydir" / "base").write_text("x")
    (data / "dump").write_text("x")
    away = Away(supervisor=supervisor, fault="F09", program="counter", loses=data)
    away.inject()
    assert list(data.iterdir()) == []
    away.heal()
    assert away.name == "counter:away-kill-empty"


def test_a_rolling_deploy_replaces_one_after_the_other(supervisor: Supervisor) -> None:
    deploy = RollingDeploy(supervisor=supervisor, fault="F08", programs=["worker", "counter"])
    before = {name: supervisor.pid(name) for name in ("worker", "counter")}
    assert not deploy.look()
    deploy.inject()
    assert deploy.look()
    assert all(supervisor.pid(name) != pid for name, pid in before.items())
    deploy.heal()
    assert not deploy.look()
    deploy.heal()


def test_healing_without_a_stack_harms_nobody(supervisor: Supervisor) -> None:
    injectors = [
        Ended(supervisor=supervisor, fault="F07", program="worker"),
        Frozen(supervisor=supervisor, fault="F17", program="worker"),
        Away(supervisor=supervisor, fault="F09", program="worker"),
        RollingDeploy(supervisor=supervisor, fault="F08", programs=["worker"]),
    ]
    supervisor.shutdown()
    wait_for(lambda: not supervisor.is_running(), "the end of supervisord")
    for injector in injectors:
        injector.heal()  # type: ignore[attr-defined]  # all are injectors
