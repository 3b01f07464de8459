"""Faults of the network between two programs: nobody listens, slow, silent, reset, in pieces, cut off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from chaos.injectors.exchange import exchange, question_for
from chaos.injectors.signs import closes_late, delay_s, is_cut, is_late, is_refused, is_reset, is_silent, is_slow
from chaos.toxiproxy.errors import ToxiproxyError
from chaos.toxiproxy.links import LINKS
from chaos.toxiproxy.toxic import Toxic

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.injectors.exchange import Exchange
    from chaos.toxiproxy.proxies import Proxies
    from chaos.toxiproxy.toxic import Stream

PATIENCE_S: Final = 1.0
PADDING: Final = {"postgres": 8_000, "redis": 32_000, "fake": 8_000, "web": 8_000}
"""Bytes of a question whose way is measured; what each server takes from a stranger."""
SHORTEST_DELAY_S: Final = 0.02
"""A shorter delay drowns in the noise of a busy machine, and is not taken for seen."""


@dataclass(frozen=True, kw_only=True)
class NetworkFault:
    """A fault of one link; seen by the server's own state and by a connection of the harness through the proxy."""

    fault: str
    proxies: Proxies
    link: str
    kind: str
    sign: Callable[[Exchange, Exchange], bool]
    """Of an exchange through the proxy and one past it."""
    toxic: Toxic | None = None
    """None closes the proxy."""
    padded: bool = False
    evidence: ClassVar[str] = "exchanges of the harness's own through the proxy that showed the fault"

    @property
    def name(self) -> str:
        """Such as `workers-redis:latency`."""
        return f"{self.link}:{self.kind}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        ordered = self.toxic.payload() if self.toxic else {"enabled": False}
        return {"injector": "toxiproxy", "what": f"{self.link}: {_in_words(self.toxic)}", "ordered": ordered}

    def inject(self) -> None:
        """Close the proxy, or put the toxic in; verified."""
        if self.toxic is None:
            self.proxies.close(self.link)
        else:
            self.proxies.add(self.link, self.toxic)

    def look(self) -> bool:
        """Whether an exchange through the proxy differs from one past it as the fault wants it."""
        plan = self.proxies.plan(self.link)
        if plan.enabled is (self.toxic is None) or (self.toxic and self.toxic not in plan.toxics):
            return False
        self.proxies.verify(self.link)
        server = _server_of(self.link)
        question = question_for(server, padding=PADDING[server] if self.padded else 0)
        past = exchange(plan.upstream_port, question, patience_s=PATIENCE_S)
        through = exchange(plan.listen_port, question, patience_s=PATIENCE_S)
        return self.sign(through, past)

    def heal(self) -> None:
        """Open the proxy, or take the toxic out; verified, and safe when nothing was injected."""
        if self.toxic is None:
            self.proxies.open(self.link)
        else:
            self.proxies.remove(self.link, self.toxic)


@dataclass(frozen=True, kw_only=True)
class Network:
    """Makes the faults of one run's links; `fault` is their row in the matrix."""

    proxies: Proxies

    def down(self, link: str, *, fault: str) -> NetworkFault:
        """Open connections end, new ones are refused."""
        return self._made(link, "down", None, is_refused, fault=fault)

    def latency(
        self, link: str, *, fault: str, latency_ms: int, jitter_ms: int = 0, stream: Stream = "downstream"
    ) -> NetworkFault:
        """Every byte comes later; connections are opened as fast as ever."""
        toxic = Toxic(kind="latency", stream=stream, attributes={"latency": latency_ms, "jitter": jitter_ms})
        sign = partial(is_late, by_s=(latency_ms - jitter_ms) / 1000)
        return self._made(link, "latency", toxic, sign, fault=fault)

    def bandwidth(self, link: str, *, fault: str, kb_per_s: int, stream: Stream = "downstream") -> NetworkFault:
        """Bytes come no faster than that; 1 KB is 1,000 bytes."""
        toxic = Toxic(kind="bandwidth", stream=stream, attributes={"rate": kb_per_s})
        return self._made(link, "bandwidth", toxic, _slowed(toxic), fault=fault, padded=True)

    def slow_close(self, link: str, *, fault: str, delay_ms: int) -> NetworkFault:
        """The server hangs up, and the client learns of it later."""
        toxic = Toxic(kind="slow_close", attributes={"delay": delay_ms})
        return self._made(link, "slow_close", toxic, partial(closes_late, by_s=delay_ms / 1000), fault=fault)

    def timeout(self, link: str, *, fault: str, after_ms: int = 0, stream: Stream = "downstream") -> NetworkFault:
        """A black hole: connections are accepted and no byte passes; closed after that time, 0 is never.

        Downstream the server has heard the question and acted on it. Healing closes the connections that starved.
        """
        toxic = Toxic(kind="timeout", stream=stream, attributes={"timeout": after_ms})
        return self._made(link, "timeout", toxic, is_silent, fault=fault)

    def reset_peer(self, link: str, *, fault: str, after_ms: int = 0, stream: Stream = "downstream") -> NetworkFault:
        """The connection ends with RST at its first byte; all connections are new, since the old ones were ended."""
        toxic = Toxic(kind="reset_peer", stream=stream, attributes={"timeout": after_ms})
        return self._made(link, "reset_peer", toxic, is_reset, fault=fault)

    def slicer(
        self, link: str, *, fault: str, average_bytes: int, delay_us: int, stream: Stream = "downstream"
    ) -> NetworkFault:
        """Bytes drip in pieces with a pause after each."""
        attributes = {"average_size": average_bytes, "delay": delay_us}
        toxic = Toxic(kind="slicer", stream=stream, attributes=attributes)
        return self._made(link, "slicer", toxic, _slowed(toxic), fault=fault, padded=True)

    def limit_data(self, link: str, *, fault: str, limit_bytes: int, stream: Stream = "downstream") -> NetworkFault:
        """Every connection ends after so many bytes."""
        toxic = Toxic(kind="limit_data", stream=stream, attributes={"bytes": limit_bytes})
        return self._made(link, "limit_data", toxic, is_cut, fault=fault, padded=True)

    def _made(
        self,
        link: str,
        kind: str,
        toxic: Toxic | None,
        sign: Callable[[Exchange, Exchange], bool],
        *,
        fault: str,
        padded: bool = False,
    ) -> NetworkFault:
        self.proxies.plan(link)
        return NetworkFault(
            fault=fault, proxies=self.proxies, link=link, kind=kind, toxic=toxic, sign=sign, padded=padded
        )


def _slowed(toxic: Toxic) -> Callable[[Exchange, Exchange], bool]:
    def sign(through: Exchange, past: Exchange) -> bool:
        by_s = delay_s(toxic, through=through, past=past)
        return by_s >= SHORTEST_DELAY_S and is_slow(through, past, by_s=by_s)

    return sign


def _in_words(toxic: Toxic | None) -> str:
    if toxic is None:
        return "connections ended, new ones refused"
    attributes = ", ".join(f"{name} {value}" for name, value in toxic.attributes.items())
    return f"{toxic.kind} {toxic.stream} ({attributes})"


def _server_of(link: str) -> str:
    for one in LINKS:
        if one.name == link:
            return one.server
    raise ToxiproxyError(f"there is no link {link!r}. There are {', '.join(one.name for one in LINKS)}")
