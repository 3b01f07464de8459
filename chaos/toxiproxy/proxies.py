"""The proxies of a run as they should be; whatever happens to the server, they are brought back to that."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from chaos.toxiproxy.control import TIMEOUT_S, Control, ProxyState, address
from chaos.toxiproxy.errors import StuckError, ToxiproxyError
from chaos.toxiproxy.transport import ACTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chaos.toxiproxy.server import ToxiproxyServer
    from chaos.toxiproxy.toxic import Toxic
    from chaos.toxiproxy.transport import Note


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One proxy as it should be."""

    name: str
    listen_port: int
    upstream_port: int
    enabled: bool = True
    toxics: tuple[Toxic, ...] = ()

    def state(self) -> ProxyState:
        """What the server shows when it is so."""
        return ProxyState(
            listen=address(self.listen_port),
            upstream=address(self.upstream_port),
            enabled=self.enabled,
            toxics={toxic.name: toxic.payload() for toxic in self.toxics},
        )


class Proxies:
    """A server with its proxies while the context lasts; every change is verified, and survives the server."""

    def __init__(
        self, server: ToxiproxyServer, plans: Iterable[Plan], *, note: Note, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.server = server
        self.restarts = 0
        """How often a stuck server was replaced, which cut off every connection: such a run is inconclusive."""
        self.control = Control(port=server.port, note=note, timeout_s=timeout_s)
        self._note = note
        self._plans = {plan.name: plan for plan in plans}

    def __enter__(self) -> Self:
        self.server.start(self.control)
        try:
            self._converge(*self._plans)
        except BaseException:
            self.server.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def plan(self, name: str) -> Plan:
        """How the proxy should be right now; ToxiproxyError names those there are."""
        try:
            return self._plans[name]
        except KeyError:
            raise ToxiproxyError(f"there is no proxy {name!r}. There are {', '.join(self._plans)}") from None

    def close(self, name: str) -> None:
        """End the proxy's connections and refuse new ones."""
        self._change(replace(self.plan(name), enabled=False))

    def open(self, name: str) -> None:
        """Take connections again."""
        self._change(replace(self.plan(name), enabled=True))

    def add(self, name: str, toxic: Toxic) -> None:
        """Put a toxic in; one of the same kind and direction is replaced."""
        plan = self.plan(name)
        others = tuple(one for one in plan.toxics if one.name != toxic.name)
        self._change(replace(plan, toxics=(*others, toxic)))

    def remove(self, name: str, toxic: Toxic) -> None:
        """Take it out; nothing happens when it isn't in."""
        plan = self.plan(name)
        self._change(replace(plan, toxics=tuple(one for one in plan.toxics if one.name != toxic.name)))

    @contextmanager
    def toxic(self, name: str, toxic: Toxic) -> Iterator[None]:
        """The toxic is in force inside, and gone afterwards whatever happens."""
        try:
            self.add(name, toxic)
            yield
        finally:
            self.remove(name, toxic)

    def heal(self) -> None:
        """Every proxy is open and without toxics, verified: a reset alone brings no proxy back."""
        self._plans = {name: replace(plan, enabled=True, toxics=()) for name, plan in self._plans.items()}
        self._unstuck(self.control.reset)
        self._converge(*self._plans)

    def verify(self, name: str) -> None:
        """Raise ToxiproxyError unless the server shows the proxy as it should be."""
        shown: dict[str, ProxyState] = {}
        self._unstuck(lambda: shown.update(self.control.proxies()))
        wanted = self.plan(name).state()
        if shown.get(name) != wanted:
            raise ToxiproxyError(f"proxy {name} is {shown.get(name)}, it should be {wanted}")

    def _change(self, plan: Plan) -> None:
        self._plans[plan.name] = plan
        self._converge(plan.name)

    def _converge(self, *names: str) -> None:
        for name in names:
            self._unstuck(partial(_apply, self.control, self._plans[name]))
            self.verify(name)

    def _unstuck(self, call: Callable[[], Any]) -> None:
        """Make a call; when the server is stuck, replace it, bring all proxies back, and make the call again."""
        try:
            call()
        except StuckError as exc:
            self._restart(reason=str(exc))
            call()

    def _restart(self, *, reason: str) -> None:
        self.restarts += 1
        self._note(ACTOR, "invoke", "restart", value={"port": self.server.port}, error=reason)
        self.server.kill()
        self.server.start(self.control)
        for plan in self._plans.values():
            _apply(self.control, plan)
        self._note(ACTOR, "ok", "restart", value={"port": self.server.port, "pid": self.server.pid})


def _apply(control: Control, plan: Plan) -> None:
    """Make the calls that lead from what the server shows to the plan; none when it is so already."""
    wanted = plan.state()
    shown = control.proxies().get(plan.name)
    if shown is not None and (shown.listen, shown.upstream) != (wanted.listen, wanted.upstream):
        control.destroy(plan.name)
        shown = None
    if shown is None:
        # Closed at first: with toxics to come, no connection may slip through before them.
        enabled = plan.enabled and not plan.toxics
        control.create(plan.name, listen_port=plan.listen_port, upstream_port=plan.upstream_port, enabled=enabled)
        shown = replace(wanted, enabled=enabled, toxics={})
    enabled = _apply_toxics(control, plan, shown)
    if plan.enabled and not enabled:
        control.enable(plan.name)
    elif enabled and not plan.enabled:
        control.disable(plan.name)


def _apply_toxics(control: Control, plan: Plan, shown: ProxyState) -> bool:
    """Whether the proxy is enabled afterwards."""
    wanted = plan.state().toxics
    for name in shown.toxics:
        if shown.toxics[name] != wanted.get(name):
            control.remove(plan.name, name)
    added = [toxic for toxic in plan.toxics if shown.toxics.get(toxic.name) != toxic.payload()]
    enabled = shown.enabled
    if enabled and any(toxic.bites_only_new_connections for toxic in added):
        control.disable(plan.name)
        enabled = False
    for toxic in added:
        control.add(plan.name, toxic)
    return enabled
