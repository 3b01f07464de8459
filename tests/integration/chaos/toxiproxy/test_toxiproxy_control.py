"""Calls to the control port: each is noted, and the library's mistakes don't reach us."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from upstreams import Echo, ask, connect

from chaos.toxiproxy.errors import ToxiproxyError
from chaos.toxiproxy.proxies import Plan, Proxies
from chaos.toxiproxy.server import ToxiproxyServer
from chaos.toxiproxy.toxic import Toxic
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from stack.ports import find_ports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

LATENCY = Toxic(kind="latency", attributes={"latency": 10, "jitter": 5})


def test_every_call_stands_in_the_history_of_the_run(server: ToxiproxyServer, upstream: Echo, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    (port,) = find_ports(1, choice=random.SystemRandom())
    with Proxies(server, [Plan(name="link", listen_port=port, upstream_port=upstream.port)], note=run.note) as proxies:
        with proxies.toxic("link", LATENCY):
            pass
        with pytest.raises(ToxiproxyError):
            proxies.control.remove("link", "none of these")
    lines = [line for line in run.lines(run_folder.HISTORY) if not line["f"].startswith("GET")]
    assert [(line["actor"], line["type"], line["f"]) for line in lines] == [
        ("toxiproxy", "ok", "POST /proxies"),
        ("toxiproxy", "ok", "POST /proxies/link/toxics"),
        ("toxiproxy", "ok", "DELETE /proxies/link/toxics/latency_downstream"),
        ("toxiproxy", "fail", "DELETE /proxies/link/toxics/none of these"),
    ]
    assert lines[1]["value"]["body"] == LATENCY.payload()
    assert lines[3]["error"] == "404 toxic not found"


def test_two_servers_in_one_process_do_not_answer_for_each_other(
    proxies: Proxies, toxiproxy_program: Path, upstream: Echo, note: Callable[..., None], tmp_path: Path
) -> None:
    control_port, listen_port = find_ports(2, choice=random.SystemRandom())
    second = ToxiproxyServer(program=toxiproxy_program, port=control_port, log=tmp_path / "second.log")
    with Proxies(second, [Plan(name="other", listen_port=listen_port, upstream_port=upstream.port)], note=note) as more:
        assert list(more.control.proxies()) == ["other"]
        assert list(proxies.control.proxies()) == ["link"]


def test_a_proxy_for_the_internet_is_not_asked(proxies: Proxies, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert proxies.control.version() == "2.12.0"


def test_a_refusal_names_the_call_and_the_reason(proxies: Proxies, upstream: Echo) -> None:
    with pytest.raises(ToxiproxyError, match="refused POST /proxies/nowhere: 404 proxy not found"):
        proxies.control.disable("nowhere")
    proxies.control.add("link", LATENCY)
    with pytest.raises(ToxiproxyError, match="refused POST /proxies/link/toxics: 409 toxic already exists"):
        proxies.control.add("link", LATENCY)
    with pytest.raises(ToxiproxyError, match="proxy 'link' is there already"):
        proxies.control.create("link", listen_port=1, upstream_port=upstream.port)


def test_an_unknown_proxy_is_answered_with_those_there_are(proxies: Proxies) -> None:
    with pytest.raises(ToxiproxyError, match=r"there is no proxy 'lnik'\. There are link"):
        proxies.close("lnik")


def test_a_toxic_leaves_when_its_context_fails(proxies: Proxies, port: int) -> None:
    with pytest.raises(KeyboardInterrupt), proxies.toxic("link", Toxic(kind="timeout", attributes={"timeout": 0})):
        raise KeyboardInterrupt
    with connect(port) as client:
        assert ask(client) == b"hello"


def test_taking_out_what_is_not_in_changes_nothing(proxies: Proxies, port: int) -> None:
    proxies.remove("link", LATENCY)
    proxies.open("link")
    with connect(port) as client:
        assert ask(client) == b"hello"


def test_a_toxic_of_the_same_kind_is_replaced(proxies: Proxies) -> None:
    proxies.add("link", LATENCY)
    proxies.add("link", Toxic(kind="latency", attributes={"latency": 70}))
    (shown,) = proxies.control.proxies()["link"].toxics.values()
    assert shown["attributes"] == {"latency": 70, "jitter": 0}


def test_a_server_that_shows_something_else_than_ordered_is_not_believed(proxies: Proxies) -> None:
    proxies.control.add("link", LATENCY)
    with pytest.raises(ToxiproxyError, match=r"proxy link is .*latency_downstream.*, it should be "):
        proxies.verify("link")
