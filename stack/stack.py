"""A whole system on one machine: brought up as one, and taken down without leftovers."""

from __future__ import annotations

import signal
import threading
import xmlrpc.client  # nosec B411  # talks to our own supervisord over a socket of our own
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from stack.errors import StackError
from stack.place import Place
from stack.processes import end_processes, processes_of
from stack.startup import Startup
from stack.supervisor import ProgramState, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

ROOT: Final = Path(".stack")
END_GRACE_S: Final = 10.0  # workers whose supervisord is gone choke on their broken output, and must be killed
SERVERS: Final = {"postgres", "redis", "fake_sendgrid"}


class Stack:
    """One stack by name; as a context manager it is up inside, and down afterwards."""

    def __init__(
        self,
        name: str = "default",
        *,
        root: Path = ROOT,
        with_fake: bool = True,
        with_applications: bool = True,
        overrides: Mapping[str, str] | None = None,
        overrides_of: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.place = Place(name, root=root)
        self.with_fake = with_fake
        self.with_applications = with_applications
        self.overrides = dict(overrides or {})
        """Variables that replace generated ones at the next `up`."""
        self.overrides_of = dict(overrides_of or {})
        """By program: variables that only this one gets, such as another way to the database; not part of `env`."""
        self.supervisor = Supervisor(config=self.place.folder / "supervisord.conf", socket_path=self.place.socket_path)

    @property
    def env(self) -> dict[str, str]:
        """The STEADYPOST_ variables of the last `up`; whoever has them is a client of this stack."""
        return self.place.env

    @property
    def ports(self) -> dict[str, int]:
        """By name: postgres, redis, fake, fake_management, web; known from `place.prepare()` on."""
        return self.place.ports

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def up(self, *, announce: Callable[[str], None] = lambda _: None) -> None:
        """Start everything, and return when everything works; on any failure nothing is left running.

        `announce` hears what is waited for. StackError shows the end of the log of whatever failed.
        From here on SIGTERM raises KeyboardInterrupt as Ctrl-C does, so that whoever started a stack also stops it.
        """
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        if processes_of(self.place.folder):
            raise StackError(
                f"processes of stack {self.place.name!r} are running. Look: steadypost stack status "
                f"--name {self.place.name}. Stop them: steadypost stack down --name {self.place.name}"
            )
        self.place.prepare()
        startup = Startup(
            self.place,
            self.supervisor,
            overrides=self.overrides,
            overrides_of=self.overrides_of,
            announce=announce,
        )
        try:
            startup.run(with_fake=self.with_fake, with_applications=self.with_applications)
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """Stop everything, also what a crashed supervisord left behind; safe to call twice."""
        # Whatever goes wrong in the orderly way, the processes are ended all the same.
        with suppress(StackError, OSError, xmlrpc.client.Error):
            self._stop_in_order()
        end_processes(self.place.folder, last=SERVERS, grace_s=END_GRACE_S)
        self.place.socket_path.unlink(missing_ok=True)

    def states(self) -> list[ProgramState]:
        """What runs, as supervisord sees it; empty when it doesn't run itself."""
        return list(self.supervisor.states().values()) if self.supervisor.is_running() else []

    def log_of(self, program: str) -> Path:
        """The file with everything that the program printed."""
        return self.place.log_of(program)

    def _stop_in_order(self) -> None:
        if not self.supervisor.is_running():
            return
        programs = set(self.supervisor.states())
        self.supervisor.stop(*programs - SERVERS)
        self.supervisor.stop(*programs & SERVERS)
        self.supervisor.shutdown()
