"""A whole system behind Toxiproxy works as one without, and the harness stands beside the faults, not behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest
from mailing import Mailing, accepted_mails

from chaos.injectors.network import Network
from chaos.laboratory import SETTINGS
from chaos.proxied_stack import ProxiedStack
from chaos.toxiproxy.links import LINKS
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from stack.checks import check_http
from stack.processes import programs_of
from stack.readiness import NotReadyError, wait_until_ready
from stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.toxiproxy.proxies import Proxies

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

USERS = 60


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(tmp_path_factory.mktemp("proxied"))


@pytest.fixture(scope="module")
def proxied(server_folder: Path, toxiproxy_program: Path, run: RunFolder) -> Iterator[ProxiedStack]:
    assert toxiproxy_program.exists()
    stack = Stack("proxied", root=server_folder / "stacks", overrides=SETTINGS)
    with ProxiedStack(stack, note=run.note) as running:
        yield running


@pytest.fixture(scope="module")
def mailing(proxied: ProxiedStack, tmp_path_factory: pytest.TempPathFactory) -> Mailing:
    mailing = Mailing(proxied.stack, tmp_path_factory.mktemp("runs"))
    mailing.steadypost("population", "generate", "--users", str(USERS), "--products", "100", "--seed", "7")
    mailing.steadypost("model", "train")
    return mailing


def test_mails_go_through_the_proxies_and_wait_while_one_is_closed(
    proxied: ProxiedStack, mailing: Mailing, run: RunFolder
) -> None:
    refused = Network(proxies=proxied.proxies).down("workers-provider", fault="F01")
    refused.inject()
    with mailing.campaign() as campaign:
        wait_until_ready(lambda: _check_jobs_wait(campaign.run), what="mails that wait", deadline_s=60)
        assert refused.look()
        check_http(port=proxied.stack.ports["fake_management"], path="/healthz")
        assert accepted_mails(mailing.provider) == 0
        refused.heal()
        used: set[str] = set()
        wait_until_ready(lambda: _check_used(proxied.proxies, used), what="traffic on every link", deadline_s=60)
    assert campaign.broken_invariants() == []
    assert accepted_mails(mailing.provider) == USERS - campaign.jobs_in("skipped") > USERS / 2
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0
    assert proxied.proxies.restarts == 0
    assert "POST /proxies/workers-provider" in {line["f"] for line in run.lines(run_folder.HISTORY)}


def test_no_program_knows_a_way_past_the_proxies(proxied: ProxiedStack) -> None:
    ports = proxied.stack.ports
    direct = {ports[link.server] for link in LINKS}
    past = [
        (program, connection.raddr.port)
        for program, process in programs_of(proxied.stack.place.folder)
        for connection in process.net_connections(kind="tcp")
        if program not in {"postgres", "redis"} and connection.raddr and connection.raddr.port in direct
        if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port not in direct
    ]
    assert past == []


def _check_jobs_wait(run: RunFolder) -> None:
    samples = list(run.lines(run_folder.SAMPLES)) if (run.path / run_folder.SAMPLES).exists() else []
    if not samples or samples[-1]["jobs"].get("ready", 0) < USERS / 2:
        raise NotReadyError(str(samples[-1:]))


def _check_used(proxies: Proxies, used: set[str]) -> None:
    """Note on which links somebody is connected right now; raise until each has been used."""
    names = {proxies.plan(link.name).listen_port: link.name for link in LINKS}
    for connection in psutil.Process(proxies.server.pid).net_connections(kind="tcp"):
        if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port in names:
            used.add(names[connection.laddr.port])
    if missing := set(names.values()) - used:
        raise NotReadyError(f"nobody on {', '.join(sorted(missing))}")
