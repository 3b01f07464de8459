"""A RabbitMQ of our own: Debian's, in a folder and on ports of its own, gone with all its helpers at the end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kombu import Connection
from kombu.exceptions import OperationalError
from missing import go_without

from stack.ports import find_ports
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = Path("/usr/lib/rabbitmq/bin")


@dataclass
class Rabbit:
    """`url` is the form of `STEADYPOST_BROKER_URL`."""

    url: str
    process: subprocess.Popen[bytes]

    def check(self) -> None:
        """NotReadyError unless it lets us in."""
        try:
            with Connection(self.url, connect_timeout=2) as connection:
                connection.ensure_connection(max_retries=1, timeout=2)
        except (OperationalError, OSError) as exc:
            raise NotReadyError(str(exc)) from None

    def kill(self) -> None:
        """The server and all that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)


@contextmanager
def running_rabbit(folder: Path) -> Iterator[Rabbit]:
    """Running; skips where it is not installed."""
    if not (SCRIPTS / "rabbitmq-server").exists() or shutil.which("epmd") is None:
        go_without("no rabbitmq-server: apt-get install rabbitmq-server")
    port, distribution, names = find_ports(3, choice=random.SystemRandom())
    (folder / "plugins").write_text("[].\n")
    env = {
        **os.environ,
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"tests-{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    with ExitStack() as open_:
        output = open_.enter_context((folder / "rabbit.log").open("wb"))
        # Erlang's register of names, which the server would otherwise start for good and for everybody.
        register = subprocess.Popen(["epmd"], env=env, stdout=output, stderr=output)
        open_.callback(register.wait, timeout=10)
        open_.callback(register.kill)
        server = subprocess.Popen(
            [SCRIPTS / "rabbitmq-server"], env=env, stdout=output, stderr=output, start_new_session=True
        )
        rabbit = Rabbit(f"amqp://guest:guest@127.0.0.1:{port}//", server)
        open_.callback(rabbit.kill)
        wait_until_ready(rabbit.check, what="RabbitMQ", deadline_s=120, is_alive=lambda: server.poll() is None)
        yield rabbit
