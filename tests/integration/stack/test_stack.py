from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from stack.checks import check_http
from stack.environment import parse_overrides
from stack.errors import StackError
from stack.processes import processes_of
from stack.readiness import NotReadyError, wait_until_ready
from stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PROGRAMS = {
    *("postgres", "redis", "fake_sendgrid", "web", "beat-1", "beat-2"),
    *("worker-orchestrator", "worker-ml", "worker-emails", "worker-tracking"),
}

START = """
import sys
from pathlib import Path
from stack.stack import Stack
Stack(sys.argv[1], root=Path(sys.argv[2]), with_fake=False).up(announce=lambda what: print(what, flush=True))
"""


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="steadypost-stacks-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def stacks(root: Path) -> Iterator[tuple[Stack, Stack]]:
    with Stack("one", root=root) as one, Stack("two", root=root) as two:
        yield one, two


def _wait_until(happened: Callable[[], bool], what: str) -> None:
    def check() -> None:
        if not happened():
            raise NotReadyError("not yet")

    wait_until_ready(check, what=what, deadline_s=60)


def test_two_stacks_run_side_by_side(stacks: tuple[Stack, Stack]) -> None:
    one, two = stacks
    assert not set(one.ports.values()) & set(two.ports.values())
    for stack in stacks:
        assert {state.name: state.state for state in stack.states()} == dict.fromkeys(PROGRAMS, "RUNNING")
        check_http(port=stack.ports["web"], path="/readyz")
    assert one.env["STEADYPOST_DATABASE_URL"] != two.env["STEADYPOST_DATABASE_URL"]


def test_a_second_up_is_refused_and_harms_nothing(stacks: tuple[Stack, Stack], root: Path) -> None:
    with pytest.raises(StackError, match=r"processes of stack 'one' are running.*steadypost stack down --name one"):
        Stack("one", root=root).up()
    check_http(port=stacks[0].ports["web"], path="/readyz")


@pytest.mark.parametrize("program", ["postgres", "redis", "worker-emails"])
def test_what_is_killed_comes_back(stacks: tuple[Stack, Stack], program: str) -> None:
    supervisor = stacks[0].supervisor
    first = supervisor.pid(program)
    supervisor.signal(program, "KILL")

    def is_back() -> bool:
        state = supervisor.states()[program]
        return state.state == "RUNNING" and state.pid != first

    _wait_until(is_back, what=program)
    wait_until_ready(lambda: check_http(port=stacks[0].ports["web"], path="/readyz"), what="web", deadline_s=60)


def test_down_leaves_nothing_though_supervisord_was_killed(stacks: tuple[Stack, Stack]) -> None:
    one, two = stacks
    ports = two.ports
    psutil.Process(int((two.place.folder / "supervisord.pid").read_text())).kill()
    _wait_until(lambda: not two.supervisor.is_running(), what="the end of supervisord")
    two.down()
    assert processes_of(two.place.folder) == []
    for port in ports.values():
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0
    check_http(port=one.ports["web"], path="/readyz")


def test_data_outlives_down_and_up(root: Path) -> None:
    def run(statement: str) -> None:
        with Stack("again", root=root, with_fake=False, with_applications=False) as stack:
            url = stack.env["STEADYPOST_DATABASE_URL"].replace("+psycopg", "")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(statement)

    run("CREATE TABLE kept ()")
    run("SELECT FROM kept")


def test_a_wrong_setting_is_named_and_nothing_stays(root: Path) -> None:
    stack = Stack("wrong", root=root, with_fake=False, overrides=parse_overrides(["batch_jobs=0"]))
    with pytest.raises(StackError, match="STEADYPOST_BATCH_JOBS"):
        stack.up()
    assert processes_of(stack.place.folder) == []


def test_a_port_taken_at_the_last_moment_shows_the_servers_own_words(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack("late", root=root, with_fake=False)
    stack.place.prepare()
    monkeypatch.setattr("stack.place.is_free", lambda _: True)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", stack.ports["redis"]))
        holder.listen()
        with pytest.raises(StackError, match=r"redis ended before it was ready(.|\n)*Address already in use"):
            stack.up()
    assert processes_of(stack.place.folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing(root: Path, number: signal.Signals) -> None:
    stack = Stack(f"interrupted-{number.name.lower()}", root=root, with_fake=False)
    command = [sys.executable, "-c", START, stack.place.name, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "schema\n" in iter(process.stdout.readline, "")
        assert processes_of(stack.place.folder)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert processes_of(stack.place.folder) == []
