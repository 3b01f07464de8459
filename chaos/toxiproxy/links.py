"""The arrows of a stack that can be broken: who speaks to which server, and how each is led through a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chaos.toxiproxy.proxies import Plan
from stack.environment import setting_variable
from stack.postgres import postgres_url
from stack.programs import BEATS, FAKE_WEBHOOK_VARIABLE, PROCESSES, webhook_url, worker_name
from stack.redis import redis_url
from stack.startup import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

CELERY: Final = (*map(worker_name, PROCESSES), *BEATS)
"""The beats are counted as workers: all of them are Celery's."""
WEB: Final = ("web",)
FAKE: Final = ("fake_sendgrid",)


@dataclass(frozen=True, kw_only=True)
class Link:
    """One arrow."""

    name: str
    programs: tuple[str, ...]
    """Who calls."""
    server: str
    """Who is called: the stack's name for its port."""
    variable: str
    """What tells the programs where the server is."""


LINKS: Final = (
    Link(name="workers-redis", programs=CELERY, server="redis", variable=setting_variable("redis_url")),
    Link(name="workers-postgres", programs=CELERY, server="postgres", variable=setting_variable("database_url")),
    Link(
        name="workers-provider",
        programs=CELERY,
        server="fake",
        variable=setting_variable("accounts__default__api_url"),
    ),
    Link(name="provider-webhook", programs=FAKE, server="web", variable=FAKE_WEBHOOK_VARIABLE),
    Link(name="webhook-postgres", programs=WEB, server="postgres", variable=setting_variable("database_url")),
    Link(name="webhook-redis", programs=WEB, server="redis", variable=setting_variable("redis_url")),
)


def plan_proxies(links: Iterable[Link], *, server_ports: Mapping[str, int], listen_ports: Sequence[int]) -> list[Plan]:
    """One proxy a link, healthy at first."""
    return [
        Plan(name=link.name, listen_port=port, upstream_port=server_ports[link.server])
        for link, port in zip(links, listen_ports, strict=True)
    ]


def detours(links: Iterable[Link], plans: Iterable[Plan], *, postgres_password: str) -> dict[str, dict[str, str]]:
    """By program, the variables that lead it through the proxies; the form of `Stack.overrides_of`."""
    ports = {plan.name: plan.listen_port for plan in plans}
    written: Mapping[str, Callable[[int], str]] = {
        "redis": lambda port: redis_url(port=port),
        "postgres": lambda port: postgres_url(port=port, password=postgres_password, database=DATABASE),
        "fake": lambda port: f"http://127.0.0.1:{port}",
        "web": webhook_url,
    }
    led: dict[str, dict[str, str]] = {}
    for link in links:
        for program in link.programs:
            led.setdefault(program, {})[link.variable] = written[link.server](ports[link.name])
    return led
