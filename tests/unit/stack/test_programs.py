from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.errors import StackError
from stack.place import Place
from stack.programs import (
    PROCESSES,
    WORKER_STOP_WAIT_S,
    Program,
    application_programs,
    override,
    worker_name,
    worker_node,
)
from stack.supervisor_config import write_config
from system.tasks.configuration import SOFT_SHUTDOWN_S
from system.tasks.queues import QueueName

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_every_queue_has_a_worker() -> None:
    assert set(PROCESSES) == {queue.value for queue in QueueName}


def test_workers_may_take_longer_to_stop_than_their_soft_shutdown() -> None:
    assert WORKER_STOP_WAIT_S > 2 * SOFT_SHUTDOWN_S


def test_a_worker_takes_its_own_queue_under_its_own_name(tmp_path: Path) -> None:
    place = Place("one", root=tmp_path)
    place.prepare()
    (emails,) = [program for program in application_programs(place) if program.name == worker_name("emails")]
    assert emails.command[emails.command.index("-Q") + 1] == "emails"
    assert emails.command[emails.command.index("-n") + 1] == worker_node("emails", place) == "worker-emails@one"


def test_a_percent_sign_reaches_the_program_as_it_is(tmp_path: Path) -> None:
    place = Place("one", root=tmp_path / "100%")
    place.prepare()
    config = tmp_path / "supervisord.conf"
    write_config(
        config,
        application_programs(place),
        socket_path=place.socket_path,
        pid_file=tmp_path / "pid",
        logs=place.logs,
        user=None,
    )
    assert f"directory = {str(place.folder).replace('%', '%%')}" in config.read_text().splitlines()


def test_one_program_can_have_variables_of_its_own(tmp_path: Path) -> None:
    programs = [
        Program(name="web", command=["web"], folder=tmp_path, environment={"PORT": "1", "KEPT": "yes"}),
        Program(name="beat-1", command=["beat"], folder=tmp_path),
    ]
    web, beat = override(programs, {"web": {"PORT": "2"}})
    assert web.environment == {"PORT": "2", "KEPT": "yes"}
    assert beat.environment == {}


def test_an_override_of_no_program_names_the_programs(tmp_path: Path) -> None:
    programs = [Program(name="web", command=["web"], folder=tmp_path)]
    with pytest.raises(StackError, match=r"there is no program 'webb' to override. The programs are: web"):
        override(programs, {"webb": {"PORT": "2"}})


def test_a_variable_that_supervisord_can_not_write_is_refused(tmp_path: Path) -> None:
    program = Program(name="web", command=["web"], folder=tmp_path, environment={"KEYS": '["a"]'})
    with pytest.raises(StackError, match="KEYS of one program can't hold quotes or line ends"):
        write_config(
            tmp_path / "s.conf",
            [program],
            socket_path=tmp_path / "s",
            pid_file=tmp_path / "p",
            logs=tmp_path,
            user=None,
        )
