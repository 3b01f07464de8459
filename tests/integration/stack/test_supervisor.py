from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from stack.errors import StackError
from stack.processes import MARK, end_processes, processes_of
from stack.programs import Program
from stack.readiness import NotReadyError, wait_until_ready
from stack.supervisor import Supervisor
from stack.supervisor_config import write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

SLEEP = [sys.executable, "-c", "import time; print('up 100%', flush=True); time.sleep(600)"]
TELL = [sys.executable, "-c", "import os; print(os.environ['OWN'], os.environ['SHARED'], flush=True); input()"]
PARENT = [sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    programs = [
        Program(name="sleeper", command=SLEEP, folder=tmp_path, start_s=0),
        Program(name="parent", command=PARENT, folder=tmp_path, start_s=0),
        Program(name="teller", command=TELL, folder=tmp_path, start_s=0, environment={"OWN": "a%20b,c=d://e"}),
        Program(name="broken", command=[sys.executable, "-c", "raise SystemExit(3)"], folder=tmp_path),
    ]
    made = Supervisor(config=tmp_path / "supervisord.conf", socket_path=tmp_path / "s.sock")
    write_config(
        made.config,
        programs,
        socket_path=made.socket_path,
        pid_file=tmp_path / "supervisord.pid",
        logs=tmp_path,
        user="root" if os.geteuid() == 0 else None,
    )
    try:
        made.launch(env={**os.environ, MARK: str(tmp_path), "OWN": "everybody's", "SHARED": "shared"})
        yield made
    finally:
        end_processes(tmp_path, last=(), grace_s=20)


def _wait_for(supervisor: Supervisor, name: str, *, state: str, other_than_pid: int = -1) -> int:
    def check() -> None:
        now = supervisor.states()[name]
        if now.state != state or now.pid == other_than_pid:
            raise NotReadyError(f"{now}")

    wait_until_ready(check, what=name, deadline_s=20)
    return supervisor.states()[name].pid


def test_a_killed_program_is_restarted(supervisor: Supervisor) -> None:
    supervisor.start("sleeper")
    first = _wait_for(supervisor, "sleeper", state="RUNNING")
    supervisor.signal("sleeper", "KILL")
    assert _wait_for(supervisor, "sleeper", state="RUNNING", other_than_pid=first) != first


def test_a_stopped_program_stays_down(supervisor: Supervisor) -> None:
    supervisor.start("sleeper")
    _wait_for(supervisor, "sleeper", state="RUNNING")
    supervisor.stop("sleeper")
    assert supervisor.states()["sleeper"].state == "STOPPED"
    with pytest.raises(StackError, match="program sleeper doesn't run, it is STOPPED"):
        supervisor.pid("sleeper")


def test_starting_twice_and_stopping_twice_change_nothing(supervisor: Supervisor) -> None:
    supervisor.start("sleeper")
    pid = _wait_for(supervisor, "sleeper", state="RUNNING")
    supervisor.start("sleeper")
    assert supervisor.pid("sleeper") == pid
    supervisor.stop("sleeper")
    supervisor.stop("sleeper")
    assert supervisor.states()["sleeper"].state == "STOPPED"


def test_children_of_a_program_are_known(supervisor: Supervisor) -> None:
    supervisor.start("parent")
    _wait_for(supervisor, "parent", state="RUNNING")

    def check() -> None:
        if not supervisor.children("parent"):
            raise NotReadyError("no child yet")

    wait_until_ready(check, what="the child", deadline_s=20)
    (child,) = supervisor.children("parent")
    assert psutil.Process(child).ppid() == supervisor.pid("parent")


def test_what_a_program_prints_is_in_its_log(supervisor: Supervisor) -> None:
    supervisor.start("sleeper")
    log = supervisor.config.with_name("sleeper.log")

    def check() -> None:
        if not log.exists() or "up 100%" not in log.read_text():
            raise NotReadyError("nothing printed yet")

    wait_until_ready(check, what="the log", deadline_s=20)


def test_a_programs_own_variables_replace_those_that_all_inherit(supervisor: Supervisor) -> None:
    supervisor.start("teller")
    log = supervisor.config.with_name("teller.log")

    def check() -> None:
        if not log.exists() or "a%20b,c=d://e shared" not in log.read_text():
            raise NotReadyError("nothing printed yet")

    wait_until_ready(check, what="the variables", deadline_s=20)


def test_the_configuration_is_private_because_it_may_hold_secrets(supervisor: Supervisor) -> None:
    assert supervisor.config.stat().st_mode & 0o777 == 0o600


def test_a_program_that_can_not_start_is_seen_to_fail(supervisor: Supervisor) -> None:
    supervisor.start("broken")
    _wait_for(supervisor, "broken", state="BACKOFF")


def test_nothing_survives_though_supervisord_was_killed(supervisor: Supervisor) -> None:
    for name in ("sleeper", "parent"):
        supervisor.start(name)
        _wait_for(supervisor, name, state="RUNNING")
    folder = supervisor.config.parent
    psutil.Process(int((folder / "supervisord.pid").read_text())).kill()
    wait_until_ready(lambda: _raise_if(supervisor.is_running()), what="the end of supervisord", deadline_s=20)
    assert processes_of(folder)
    end_processes(folder, last=(), grace_s=20)
    assert processes_of(folder) == []


def _raise_if(condition: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if condition:
        raise NotReadyError("still running")


def test_only_the_owner_may_command(supervisor: Supervisor) -> None:
    assert supervisor.socket_path.stat().st_mode & 0o777 == 0o700
