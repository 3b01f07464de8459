"""A stack whose every arrow goes through Toxiproxy, while the harness itself stays on the direct ports."""

from __future__ import annotations

import random
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from chaos.toxiproxy.binary import find_toxiproxy
from chaos.toxiproxy.errors import ToxiproxyError
from chaos.toxiproxy.links import LINKS, detours, plan_proxies
from chaos.toxiproxy.proxies import Proxies
from chaos.toxiproxy.server import ToxiproxyServer
from stack.ports import find_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chaos.toxiproxy.links import Link
    from chaos.toxiproxy.transport import Note
    from stack.stack import Stack

LOG: Final = "toxiproxy"


class ProxiedStack:
    """Up inside its context; `proxies` holds one proxy for each link, by the link's name.

    `stack.env` stays direct: whoever reads it measures the system, not the fault.
    """

    def __init__(self, stack: Stack, *, note: Note, links: Sequence[Link] = LINKS) -> None:
        self.stack = stack
        self._note = note
        self._links = links
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self, *, announce: Callable[[str], None] = lambda _: None) -> None:
        """Start the proxies, then the stack through them; on any failure nothing is left running."""
        with ExitStack() as running:
            self.proxies = running.enter_context(self._new_proxies())
            ports = self.stack.ports
            running.callback(self.stack.down)
            self.stack.up(announce=announce)
            if self.stack.ports != ports:
                raise ToxiproxyError(
                    "a port of the stack was taken while it started; the proxies lead nowhere. Start again"
                )
            self._running = running.pop_all()

    def down(self) -> None:
        """Stop the stack, then the proxies; safe to call twice, and when nothing is up."""
        self._running.close()

    def _new_proxies(self) -> Proxies:
        place = self.stack.place
        place.prepare()
        control_port, *listen_ports = find_ports(1 + len(self._links), choice=random.SystemRandom())
        plans = plan_proxies(self._links, server_ports=place.ports, listen_ports=listen_ports)
        password = place.secrets["postgres_password"]
        for program, variables in detours(self._links, plans, postgres_password=password).items():
            self.stack.overrides_of[program] = {**self.stack.overrides_of.get(program, {}), **variables}
        server = ToxiproxyServer(program=find_toxiproxy(), port=control_port, log=place.log_of(LOG))
        return Proxies(server, plans, note=self._note)
