"""The control port of one Toxiproxy server, typed, on toxiproxy-python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from toxiproxy import Proxy, Toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import ProxyExists

from chaos.toxiproxy.errors import ToxiproxyError
from chaos.toxiproxy.transport import HOST, Note, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.toxiproxy.toxic import Toxic

TIMEOUT_S: Final = 10.0
"""A healthy server answers in milliseconds, in seconds on a starved machine; a stuck one says so only after 25 s."""


@dataclass(frozen=True, kw_only=True)
class ProxyState:
    """A proxy as the server shows it."""

    listen: str
    upstream: str
    enabled: bool
    toxics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name, each in the form of `Toxic.payload()`."""


class Control:
    """Every call is bounded in time and noted; ToxiproxyError when it is refused, StuckError without an answer."""

    def __init__(self, *, port: int, note: Note, timeout_s: float = TIMEOUT_S) -> None:
        self._transport = Transport(port=port, note=note, timeout_s=timeout_s)
        self._library = Toxiproxy()

    def version(self) -> str:
        """Of the server that answers."""
        with self._transport.taken():
            # The library's own version() looks first whether anybody listens, without a timeout.
            return str(APIConsumer.get("/version").json()["version"])

    def proxies(self) -> dict[str, ProxyState]:
        """All by name, with their toxics, in one call; the library makes one more for each proxy."""
        with self._transport.taken():
            shown = APIConsumer.get("/proxies").json()
        return {name: _state(proxy) for name, proxy in shown.items()}

    def create(self, name: str, *, listen_port: int, upstream_port: int, enabled: bool = True) -> None:
        """Make a proxy between two ports of this machine."""
        listen, upstream = address(listen_port), address(upstream_port)
        with self._transport.taken():
            try:
                self._library.create(upstream=upstream, name=name, listen=listen, enabled=enabled)
            except ProxyExists:
                raise ToxiproxyError(f"proxy {name!r} is there already. Destroy it first") from None

    def destroy(self, name: str) -> None:
        """Remove a proxy and cut off its connections."""
        with self._transport.taken():
            _proxy(name).destroy()

    def enable(self, name: str) -> None:
        """Let it listen; nothing changes when it does."""
        with self._transport.taken():
            _proxy(name).enable()

    def disable(self, name: str) -> None:
        """End its connections and refuse new ones; nothing changes when it does."""
        with self._transport.taken():
            _proxy(name).disable()

    def add(self, name: str, toxic: Toxic) -> None:
        """Put a toxic into a proxy; at most one of a kind for each direction."""
        with self._transport.taken():
            _proxy(name).add_toxic(**toxic.payload())

    def remove(self, name: str, toxic_name: str) -> None:
        """Take a toxic out; a `timeout` closes the connections that it starved."""
        with self._transport.taken():
            _proxy(name).destroy_toxic(toxic_name)

    def reset(self) -> None:
        """Enable every proxy and take all toxics out; brings no destroyed proxy back."""
        with self._transport.taken():
            self._library.reset()


def address(port: int) -> str:
    """Of a port on this machine."""
    return f"{HOST}:{port}"


def _proxy(name: str) -> Proxy:
    # The library's methods need only the name; asking the server for the rest would be one more call.
    return Proxy(name=name, upstream="", listen="", enabled=True)


def _state(shown: Mapping[str, Any]) -> ProxyState:
    return ProxyState(
        listen=shown["listen"],
        upstream=shown["upstream"],
        enabled=shown["enabled"],
        toxics={toxic["name"]: toxic for toxic in shown["toxics"]},
    )
