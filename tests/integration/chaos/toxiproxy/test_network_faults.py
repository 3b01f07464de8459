"""Every network fault on every kind of server: seen while it is in force, not seen before and after."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from upstreams import connect, wait_for, web

from chaos.fault import injected
from chaos.injectors.network import Network, NetworkFault
from chaos.toxiproxy.errors import ToxiproxyError
from chaos.toxiproxy.proxies import Plan, Proxies
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from stack.ports import find_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chaos.toxiproxy.server import ToxiproxyServer
    from stack.postgres import Postgres
    from stack.redis import RedisServer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

LINKS = ("workers-redis", "workers-postgres", "workers-provider", "provider-webhook")

FAULTS: dict[str, Callable[[Network, str], NetworkFault]] = {
    "down": lambda network, link: network.down(link, fault="F19"),
    "latency": lambda network, link: network.latency(link, fault="F25", latency_ms=300, jitter_ms=50),
    "long latency": lambda network, link: network.latency(link, fault="F05", latency_ms=9_000, stream="upstream"),
    "bandwidth": lambda network, link: network.bandwidth(link, fault="F25", kb_per_s=20, stream="upstream"),
    "slow_close": lambda network, link: network.slow_close(link, fault="F24", delay_ms=600),
    "black hole": lambda network, link: network.timeout(link, fault="F03"),
    "closing black hole": lambda network, link: network.timeout(link, fault="F03", after_ms=200),
    "lost question": lambda network, link: network.timeout(link, fault="F19", stream="upstream"),
    "reset_peer": lambda network, link: network.reset_peer(link, fault="F04"),
    "slicer": lambda network, link: network.slicer(
        link, fault="F23", average_bytes=100, delay_us=5_000, stream="upstream"
    ),
    "limit_data": lambda network, link: network.limit_data(link, fault="F22", limit_bytes=10),
}


@pytest.fixture
def network(
    server: ToxiproxyServer, redis_server: RedisServer, postgres_server: Postgres, note: Callable[..., None]
) -> Iterator[Network]:
    with web() as page:
        upstreams = (redis_server.port, postgres_server.port, page, page)
        listen_ports = find_ports(len(LINKS), choice=random.SystemRandom())
        plans = [
            Plan(name=name, listen_port=listen, upstream_port=upstream)
            for name, listen, upstream in zip(LINKS, listen_ports, upstreams, strict=True)
        ]
        with Proxies(server, plans, note=note) as proxies:
            yield Network(proxies=proxies)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("link", ["workers-redis", "workers-postgres", "workers-provider"])
def test_a_fault_is_seen_while_it_is_in_force(network: Network, link: str, kind: str) -> None:
    fault = FAULTS[kind](network, link)
    assert not fault.look()
    fault.heal()
    fault.inject()
    try:
        wait_for(fault.look, "the fault")
    finally:
        fault.heal()
    assert not fault.look()
    assert network.proxies.plan(link).state() == network.proxies.control.proxies()[link]


def test_a_big_answer_is_slowed_on_its_way_back(network: Network) -> None:
    fault = network.bandwidth("workers-redis", fault="F25", kb_per_s=50)
    fault.inject()
    wait_for(fault.look, "the fault")


def test_a_rate_that_no_probe_can_tell_is_not_claimed_to_bite(network: Network) -> None:
    fault = network.bandwidth("workers-postgres", fault="F25", kb_per_s=1_000_000)
    fault.inject()
    assert not fault.look()


def test_a_fault_that_the_server_has_lost_is_not_claimed_to_bite(network: Network) -> None:
    fault = network.latency("workers-redis", fault="F25", latency_ms=300)
    fault.inject()
    network.proxies.control.remove("workers-redis", "latency_downstream")
    with pytest.raises(ToxiproxyError, match="it should be"):
        fault.look()


def test_faults_of_one_link_leave_the_others_alone(network: Network) -> None:
    network.down("workers-redis", fault="F19").inject()
    with connect(network.proxies.plan("workers-postgres").listen_port):
        pass


def test_one_fault_is_healed_and_another_of_the_same_link_stays(network: Network) -> None:
    slow = network.latency("workers-redis", fault="F25", latency_ms=300)
    away = network.down("workers-redis", fault="F19")
    slow.inject()
    away.inject()
    away.heal()
    wait_for(slow.look, "the latency")


def test_the_history_says_what_was_injected_and_healed(network: Network, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    fault = network.latency("workers-redis", fault="F25", latency_ms=300)
    with injected(run, fault, for_s=1):
        pass
    first = next(run.lines(run_folder.HISTORY))
    assert {key: first["value"][key] for key in ("fault", "name", "injector", "what")} == {
        "fault": "F25",
        "name": "workers-redis:latency",
        "injector": "toxiproxy",
        "what": "workers-redis: latency downstream (latency 300, jitter 0)",
    }
    assert first["value"]["ordered"]["attributes"] == {"latency": 300, "jitter": 0}


@pytest.mark.parametrize("call", [{"latency_ms": 0}, {"latency_ms": 10, "jitter_ms": 11}])
def test_a_fault_that_makes_no_sense_is_refused_before_anything_is_sent(
    network: Network, notes: list[dict[str, Any]], call: dict[str, int]
) -> None:
    before = len(notes)
    with pytest.raises(ToxiproxyError, match=r"latency: (latency=0 must|jitter=11 is more)"):
        network.latency("workers-redis", fault="F25", **call)
    with pytest.raises(ToxiproxyError, match="there is no proxy 'workers-rabbit'"):
        network.down("workers-rabbit", fault="F25")
    assert len(notes) == before
