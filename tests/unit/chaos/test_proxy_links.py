"""Which arrows there are, and how each program is led through its proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.injectors.network import PADDING
from chaos.toxiproxy.links import LINKS, detours, plan_proxies
from stack.place import PORT_NAMES, Place
from stack.programs import application_programs, fake_program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

PORTS = {"postgres": 21001, "redis": 21002, "fake": 21003, "fake_management": 21004, "web": 21005}


def test_every_arrow_is_led_through_a_proxy_of_its_own() -> None:
    plans = plan_proxies(LINKS, server_ports=PORTS, listen_ports=range(22001, 22007))
    led = detours(LINKS, plans, postgres_password="secret")
    assert [(plan.name, plan.listen_port, plan.upstream_port) for plan in plans] == [
        ("workers-redis", 22001, 21002),
        ("workers-postgres", 22002, 21001),
        ("workers-provider", 22003, 21003),
        ("provider-webhook", 22004, 21005),
        ("webhook-postgres", 22005, 21001),
        ("webhook-redis", 22006, 21002),
    ]
    assert led["worker-emails"] == {
        "STEADYPOST_REDIS_URL": "redis://127.0.0.1:22001/0",
        "STEADYPOST_DATABASE_URL": "postgresql+psycopg://steadypost:secret@127.0.0.1:22002/steadypost",
        "STEADYPOST_ACCOUNTS__DEFAULT__API_URL": "http://127.0.0.1:22003",
    }
    assert led["web"] == {
        "STEADYPOST_DATABASE_URL": "postgresql+psycopg://steadypost:secret@127.0.0.1:22005/steadypost",
        "STEADYPOST_REDIS_URL": "redis://127.0.0.1:22006/0",
    }
    assert led["fake_sendgrid"] == {"FAKE_SENDGRID_WEBHOOK_URL": "http://127.0.0.1:22004/webhooks/sendgrid"}


def test_no_program_and_no_server_is_left_out(tmp_path: Path) -> None:
    place = Place("one", root=tmp_path)
    place.prepare()
    programs = {program.name for program in (*application_programs(place), fake_program(place))}
    assert {program for link in LINKS for program in link.programs} == programs
    assert {link.server for link in LINKS} == set(PORT_NAMES) - {"fake_management"} == set(PADDING)
