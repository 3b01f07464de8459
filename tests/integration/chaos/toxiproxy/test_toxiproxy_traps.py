"""What Toxiproxy really does, each named by its consequence; the harness rests on all of it."""

from __future__ import annotations

import random
import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psutil
import pytest
from upstreams import Echo, ask, connect, wait_for

from chaos.injectors.exchange import Question, exchange
from chaos.injectors.signs import is_refused
from chaos.toxiproxy.proxies import Plan, Proxies
from chaos.toxiproxy.server import ToxiproxyServer
from chaos.toxiproxy.toxic import Toxic
from stack.ports import find_ports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

BLACK_HOLE = Toxic(kind="timeout", attributes={"timeout": 0})
RESET = Toxic(kind="reset_peer", attributes={"timeout": 0})


def pattern(port: int, *, connections: int, requests: int = 1) -> list[str]:
    """By connection, which of its requests were answered: 1 or 0 each."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(connect(port, timeout_s=0.5)) for _ in range(connections)]
        answers = [["0"] * requests for _ in sockets]
        for number in range(requests):
            for one in sockets:
                one.sendall(b"hello")
            give_up_at = time.monotonic() + 0.5
            for index, one in enumerate(sockets):
                one.settimeout(max(0.01, give_up_at - time.monotonic()))
                try:
                    answers[index][number] = "1" if one.recv(100) else "0"
                except TimeoutError:
                    continue
        return ["".join(each) for each in answers]


def test_a_seed_repeats_nothing_so_chance_is_drawn_by_the_harness(
    toxiproxy_program: Path, tmp_path: Path, upstream: Echo, note: Callable[..., None]
) -> None:
    seeded = tmp_path / "seeded"
    seeded.write_text(f'#!/bin/sh\nexec {toxiproxy_program} "$@" -seed 42\n')
    seeded.chmod(0o755)
    control_port, listen_port = find_ports(2, choice=random.SystemRandom())
    seen = []
    for _ in range(2):
        server = ToxiproxyServer(program=seeded, port=control_port, log=tmp_path / "log")
        plan = Plan(name="link", listen_port=listen_port, upstream_port=upstream.port)
        with Proxies(server, [plan], note=note) as proxies:
            proxies.add("link", Toxic(kind="timeout", attributes={"timeout": 0}, toxicity=0.5))
            seen.append(pattern(listen_port, connections=48))
    assert seen[0] != seen[1]


def test_toxicity_is_drawn_for_a_connection_so_a_pool_is_hit_wholly_or_not_at_all(proxies: Proxies, port: int) -> None:
    with proxies.toxic("link", Toxic(kind="timeout", attributes={"timeout": 0}, toxicity=0.5)):
        assert set(pattern(port, connections=20, requests=3)) == {"000", "111"}


def test_reset_peer_alone_ends_pooled_connections_politely(proxies: Proxies, port: int) -> None:
    with connect(port) as pooled:
        assert ask(pooled) == b"hello"
        proxies.control.add("link", RESET)
        assert ask(pooled) == b""
        with connect(port) as new, pytest.raises(ConnectionResetError):
            ask(new)


def test_the_harness_ends_pooled_connections_first_so_every_later_end_is_a_reset(proxies: Proxies, port: int) -> None:
    with connect(port) as pooled:
        assert ask(pooled) == b"hello"
        proxies.add("link", RESET)
        assert pooled.recv(1) == b""
    assert proxies.restarts == 0
    for _ in range(5):
        with connect(port) as new, pytest.raises(ConnectionResetError):
            ask(new)


def test_downstream_the_server_has_acted_though_the_client_hears_nothing(
    proxies: Proxies, port: int, upstream: Echo
) -> None:
    with proxies.toxic("link", BLACK_HOLE), connect(port, timeout_s=0.5) as client:
        assert ask(client, b"accept this") is None
        assert bytes(upstream.heard) == b"accept this"


def test_upstream_the_server_never_hears_of_it(proxies: Proxies, port: int, upstream: Echo) -> None:
    upward = Toxic(kind="timeout", stream="upstream", attributes={"timeout": 0})
    with proxies.toxic("link", upward), connect(port, timeout_s=0.5) as client:
        assert ask(client, b"lost") is None
        assert bytes(upstream.heard) == b""


def test_healing_a_black_hole_ends_the_connections_that_it_starved(proxies: Proxies, port: int) -> None:
    with proxies.toxic("link", BLACK_HOLE):
        starved = connect(port, timeout_s=0.5)
        assert ask(starved) is None
    with starved, connect(port) as new:
        starved.settimeout(5)
        assert starved.recv(1) == b""
        assert ask(new) == b"hello"


def test_a_dead_server_lets_clients_connect_so_a_probe_must_exchange_bytes(
    server: ToxiproxyServer, note: Callable[..., None]
) -> None:
    listen_port, nobody = find_ports(2, choice=random.SystemRandom())
    with Proxies(server, [Plan(name="link", listen_port=listen_port, upstream_port=nobody)], note=note):
        seen = exchange(listen_port, Question(payload=b"hello"), patience_s=1)
        assert seen.end in {"closed", "reset"}
        assert seen.received == 0
        assert not is_refused(seen, seen)


def test_a_frozen_server_with_a_full_backlog_blocks_the_control_so_the_proxy_is_replaced(
    server: ToxiproxyServer, note: Callable[..., None]
) -> None:
    (listen_port,) = find_ports(1, choice=random.SystemRandom())
    with ExitStack() as opened:
        frozen = opened.enter_context(socket.socket())
        frozen.bind(("127.0.0.1", 0))
        frozen.listen(0)
        plan = Plan(name="link", listen_port=listen_port, upstream_port=frozen.getsockname()[1])
        proxies = opened.enter_context(Proxies(server, [plan], note=note, timeout_s=3.0))
        for _ in range(5):
            opened.enter_context(connect(listen_port))
        wait_for(lambda: _is_dialling(server.pid, plan.upstream_port), "a full backlog")
        proxies.close("link")
        assert proxies.restarts == 1
        assert exchange(listen_port, Question(payload=b"hello"), patience_s=1).end == "refused"


def test_a_reset_brings_nothing_back_so_the_plan_is_restored_and_verified(
    proxies: Proxies, port: int, upstream: Echo
) -> None:
    proxies.control.destroy("link")
    proxies.control.reset()
    assert proxies.control.proxies() == {}
    proxies.heal()
    with connect(port) as client:
        assert ask(client) == b"hello"
    proxies.control.destroy("link")
    proxies.control.create("link", listen_port=port, upstream_port=1)
    proxies.heal()
    assert proxies.control.proxies()["link"].upstream == f"127.0.0.1:{upstream.port}"


def test_healing_opens_every_proxy_and_takes_every_toxic_out_whoever_put_it_in(proxies: Proxies, port: int) -> None:
    proxies.control.add("link", BLACK_HOLE)
    proxies.control.disable("link")
    proxies.heal()
    with connect(port) as client:
        assert ask(client) == b"hello"
    assert proxies.control.proxies()["link"] == proxies.plan("link").state()


def test_latency_leaves_connecting_fast_so_it_tests_no_connect_timeout(proxies: Proxies, port: int) -> None:
    with (
        proxies.toxic("link", Toxic(kind="latency", attributes={"latency": 2_000})),
        connect(port, timeout_s=0.5) as client,
    ):
        assert ask(client) is None
        client.settimeout(10)
        assert client.recv(100) == b"hello"


def test_the_server_takes_nonsense_so_toxics_are_checked_before(proxies: Proxies) -> None:
    class Nonsense(Toxic):
        def __post_init__(self) -> None:
            pass

    proxies.control.add("link", Nonsense(kind="latency", attributes={"latency": -5}, toxicity=7))
    (shown,) = proxies.control.proxies()["link"].toxics.values()
    assert (shown["toxicity"], shown["attributes"]["latency"]) == (7, -5)


def _is_dialling(pid: int, port: int) -> bool:
    connections = psutil.Process(pid).net_connections(kind="tcp")
    return any(one.status == psutil.CONN_SYN_SENT and one.raddr and one.raddr.port == port for one in connections)
