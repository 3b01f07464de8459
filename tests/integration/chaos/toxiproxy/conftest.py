"""A real Toxiproxy for every test that asks, with one proxy named `link` before an echo server."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from upstreams import Echo, echo

from chaos.toxiproxy.proxies import Plan, Proxies
from chaos.toxiproxy.server import ToxiproxyServer
from stack.ports import find_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def notes() -> list[dict[str, Any]]:
    """What was noted: one dictionary a line of the history."""
    return []


@pytest.fixture
def note(notes: list[dict[str, Any]]) -> Callable[..., None]:
    def write(actor: str, kind: str, f: str, *, value: Any = None, error: str | None = None) -> None:
        notes.append({"actor": actor, "type": kind, "f": f, "value": value, "error": error})

    return write


@pytest.fixture
def server(toxiproxy_program: Path, tmp_path: Path) -> ToxiproxyServer:
    """Not started yet."""
    return ToxiproxyServer(program=toxiproxy_program, port=_free_port(), log=tmp_path / "toxiproxy.log")


@pytest.fixture
def upstream() -> Iterator[Echo]:
    with echo() as running:
        yield running


@pytest.fixture
def proxies(server: ToxiproxyServer, upstream: Echo, note: Callable[..., None]) -> Iterator[Proxies]:
    plan = Plan(name="link", listen_port=_free_port(), upstream_port=upstream.port)
    with Proxies(server, [plan], note=note, timeout_s=3.0) as running:
        yield running


@pytest.fixture
def port(proxies: Proxies) -> int:
    """Where the link is entered."""
    return proxies.plan("link").listen_port


def _free_port() -> int:
    return find_ports(1, choice=random.SystemRandom())[0]
