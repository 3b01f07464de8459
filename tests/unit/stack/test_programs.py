from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.place import Place
from stack.programs import PROCESSES, WORKER_STOP_WAIT_S, application_programs, worker_name, worker_node
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
