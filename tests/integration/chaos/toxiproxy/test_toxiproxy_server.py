"""The server as a process of ours: started, found stuck, replaced with everything it held, and ended."""

from __future__ import annotations

import os
import random
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from upstreams import Echo, ask, connect

from chaos.toxiproxy.control import Control
from chaos.toxiproxy.errors import StuckError, ToxiproxyError
from chaos.toxiproxy.proxies import Plan, Proxies
from chaos.toxiproxy.toxic import Toxic
from stack.ports import PORT_RANGE, find_ports, is_free

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.toxiproxy.server import ToxiproxyServer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_it_answers_with_its_version_and_listens_on_the_loopback_interface_alone(proxies: Proxies, port: int) -> None:
    assert proxies.control.version() == "2.12.0"
    listening = [one for one in psutil.Process(proxies.server.pid).net_connections() if one.status == "LISTEN"]
    assert {(one.laddr.ip, one.laddr.port) for one in listening} == {
        ("127.0.0.1", proxies.server.port),
        ("127.0.0.1", port),
    }


@pytest.mark.skipif(not EPHEMERAL.exists(), reason="only Linux shows its range")
def test_its_ports_can_not_be_taken_by_outgoing_connections(proxies: Proxies, port: int) -> None:
    lowest, highest = map(int, EPHEMERAL.read_text().split())
    assert not any(lowest <= one <= highest for one in (proxies.server.port, port, *PORT_RANGE))


def test_it_ends_with_its_context_though_it_be_frozen(
    server: ToxiproxyServer, upstream: Echo, note: Callable[..., None]
) -> None:
    (port,) = find_ports(1, choice=random.SystemRandom())
    with Proxies(server, [Plan(name="link", listen_port=port, upstream_port=upstream.port)], note=note):
        pid = server.pid
        os.kill(pid, signal.SIGSTOP)
    assert not psutil.pid_exists(pid)
    assert is_free(server.port)
    with pytest.raises(ToxiproxyError, match=r"Toxiproxy on port \d+ doesn't run"):
        _ = server.pid


def test_a_control_port_in_use_is_named(server: ToxiproxyServer, note: Callable[..., None]) -> None:
    expected = rf"port {server.port} for Toxiproxy's control is in use"
    with socket.create_server(("127.0.0.1", server.port)), pytest.raises(ToxiproxyError, match=expected):
        server.start(Control(port=server.port, note=note))


def test_a_control_port_lost_at_the_last_moment_shows_the_servers_own_words(
    server: ToxiproxyServer, note: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.toxiproxy.server.is_free", lambda _: True)
    monkeypatch.setattr("chaos.toxiproxy.server.READY_DEADLINE_S", 1.0)
    expected = r"not ready after 1 s (.|\n)*address already in use"
    with socket.create_server(("127.0.0.1", server.port)), pytest.raises(ToxiproxyError, match=expected):
        server.start(Control(port=server.port, note=note))


def test_a_proxys_port_in_use_is_named(server: ToxiproxyServer, note: Callable[..., None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        plan = Plan(name="link", listen_port=taken, upstream_port=1)
        expected = rf"refused POST /proxies: 500 listen tcp 127.0.0.1:{taken}: bind: address already in use"
        with pytest.raises(ToxiproxyError, match=expected), Proxies(server, [plan], note=note):
            pass
    assert is_free(server.port)


def test_a_frozen_server_is_replaced_with_every_proxy_and_toxic_it_held(
    proxies: Proxies, port: int, notes: list[dict[str, Any]]
) -> None:
    proxies.add("link", Toxic(kind="timeout", attributes={"timeout": 0}))
    first = proxies.server.pid
    os.kill(first, signal.SIGSTOP)
    proxies.add("link", Toxic(kind="latency", attributes={"latency": 10}))
    assert proxies.restarts == 1
    assert proxies.server.pid != first
    assert not psutil.pid_exists(first)
    assert set(proxies.control.proxies()["link"].toxics) == {"timeout_downstream", "latency_downstream"}
    proxies.heal()
    with connect(port) as client:
        assert ask(client) == b"hello"
    assert [(line["type"], line["f"]) for line in notes if line["f"] == "restart"] == [
        ("invoke", "restart"),
        ("ok", "restart"),
    ]


def test_a_fault_of_another_link_outlives_the_replacement(
    server: ToxiproxyServer, upstream: Echo, note: Callable[..., None]
) -> None:
    first, second = find_ports(2, choice=random.SystemRandom())
    plans = [
        Plan(name="first", listen_port=first, upstream_port=upstream.port),
        Plan(name="second", listen_port=second, upstream_port=upstream.port),
    ]
    with Proxies(server, plans, note=note, timeout_s=3.0) as proxies:
        proxies.add("second", Toxic(kind="timeout", attributes={"timeout": 0}))
        os.kill(server.pid, signal.SIGSTOP)
        proxies.close("first")
        shown = proxies.control.proxies()
    assert not shown["first"].enabled
    assert set(shown["second"].toxics) == {"timeout_downstream"}


def test_healing_replaces_a_frozen_server(proxies: Proxies, port: int) -> None:
    toxic = Toxic(kind="timeout", attributes={"timeout": 0})
    with proxies.toxic("link", toxic):
        os.kill(proxies.server.pid, signal.SIGSTOP)
    with connect(port) as client:
        assert ask(client) == b"hello"
    assert proxies.restarts == 1


def test_a_dead_server_is_replaced(proxies: Proxies, port: int) -> None:
    psutil.Process(proxies.server.pid).kill()
    proxies.heal()
    with connect(port) as client:
        assert ask(client) == b"hello"
    assert proxies.restarts == 1


def test_no_call_waits_longer_than_its_timeout(proxies: Proxies, notes: list[dict[str, Any]]) -> None:
    os.kill(proxies.server.pid, signal.SIGSTOP)
    with pytest.raises(StuckError, match="gave no answer to GET /proxies"):
        proxies.control.proxies()
    os.kill(proxies.server.pid, signal.SIGCONT)
    assert notes[-1]["type"] == "info"
    assert notes[-1]["value"]["took_ms"] < 10_000
