"""What an experiment finds where it happens: the stack, its proxies, and the ways to everything that can be broken."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chaos.injectors.failpoint import AtFailpoint
from chaos.injectors.network import Network
from chaos.injectors.process import Away, Ended, Frozen
from chaos.injectors.provider import ProviderFault
from stack.account import reachable_folder, server_account

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.proxied_stack import ProxiedStack
    from slo_reports.run_folder import RunFolder
    from stack.supervisor import Supervisor
    from system.failpoints import Failpoint

ORDERS: Final = "failpoints"
CLOCKS: Final = "clocks"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One stack at the moment of one experiment."""

    proxied: ProxiedStack
    run: RunFolder
    seed: int
    users: int
    week_key: str

    @property
    def supervisor(self) -> Supervisor:
        """Who starts and stops the programs."""
        return self.proxied.stack.supervisor

    @property
    def network(self) -> Network:
        """Faults between two programs."""
        return Network(proxies=self.proxied.proxies)

    @property
    def provider(self) -> str:
        """Where the fake provider is told what to do."""
        return f"http://127.0.0.1:{self.proxied.stack.ports['fake_management']}"

    @property
    def webhook(self) -> str:
        """Where the provider posts, past the proxies."""
        return f"http://127.0.0.1:{self.proxied.stack.ports['web']}/webhooks/sendgrid"

    @property
    def database_url(self) -> str:
        """The database, past the proxies."""
        return self.proxied.stack.env["STEADYPOST_DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        """Redis, past the proxies."""
        return self.proxied.stack.env["STEADYPOST_REDIS_URL"]

    @property
    def model(self) -> Path:
        """The recommender's file, where it is or, while a fault has it, belongs: there is one model, and its card."""
        [card] = (self.proxied.stack.place.folder / "models").glob("*.json")
        return card.with_suffix(".onnx")

    @property
    def data(self) -> Path:
        """The folder of the servers' data."""
        return self.proxied.stack.place.data

    def volume(self, server: str) -> Path:
        """The folder of a server's data, when the experiment needs it on a volume of its own."""
        return volume_of(self.data, server)

    @property
    def env(self) -> dict[str, str]:
        """For programs that are clients of the stack."""
        return {**os.environ, **self.proxied.stack.env}

    @property
    def signing_key(self) -> Path:
        """The provider's, with which its posts are signed."""
        return self.proxied.stack.place.signing_key

    def clock(self, program: str) -> Path:
        """What a program's clock obeys, when the experiment needs it."""
        return clock_file(self.proxied.stack.place.folder, program)

    def at(self, place: Failpoint, **how: Any) -> AtFailpoint:
        """An order for whoever reaches a place of the code next."""
        return AtFailpoint(folder=self.proxied.stack.place.folder / ORDERS, place=place, **how)

    def provider_fault(self, what: str, **rule: Any) -> ProviderFault:
        """An entry of the provider's menu of faults."""
        return ProviderFault(management_url=self.provider, what=what, rule=rule)

    def ended(self, program: str, *, fault: str, **how: Any) -> Ended:
        """A program that gets a signal that ends it."""
        return Ended(supervisor=self.supervisor, fault=fault, program=program, **how)

    def frozen(self, program: str, *, fault: str) -> Frozen:
        """A program that stops and goes on later."""
        return Frozen(supervisor=self.supervisor, fault=fault, program=program)

    def away(self, program: str, *, fault: str, **how: Any) -> Away:
        """A program that is gone for a while."""
        return Away(supervisor=self.supervisor, fault=fault, program=program, **how)


def clock_file(folder: Path, program: str) -> Path:
    """Where a stack keeps what a program's clock obeys."""
    return folder / CLOCKS / program


def volume_of(data: Path, server: str) -> Path:
    """Where a server of a stack keeps its data: PostgreSQL's account may need another place."""
    folder = data / server
    return reachable_folder(folder, server_account()) if server == "postgres" else folder
