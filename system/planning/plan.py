"""The plan: a scenario, simulated and sized, with its bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from system.planning.campaign import MINUTE_S, run_mailing
from system.planning.database_size import database_size
from system.planning.limits import binding, capacities
from system.planning.roles import size

if TYPE_CHECKING:
    from system.planning.database_size import DatabaseSize
    from system.planning.limits import Limit
    from system.planning.prices import Prices
    from system.planning.roles import Role
    from system.planning.scenario import Scenario
    from system.planning.unit_costs import UnitCosts

WEEKS_PER_MONTH = 52 / 12
HOURS_PER_MONTH = 730
LEAST_CORES = 0.1
"""Of each process: nobody rents less."""


@dataclass(frozen=True, kw_only=True)
class Bill:
    """US dollars a month, as if everything ran all the time."""

    mails: float
    cores: float
    memory: float
    disk: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.mails + self.cores + self.memory + self.disk


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a scenario will take; roles, limit and events are of one installation, the rest of all."""

    scenario: Scenario
    duration_s: float
    mails_per_s: float
    """On average, while the provider was there."""
    is_in_time: bool
    limit: Limit
    roles: list[Role]
    events_per_s: float
    events_behind_s: float
    """How long after the last mail its events are applied, where web or tracking are too slow."""
    database: DatabaseSize
    bill: Bill


def make_plan(scenario: Scenario, costs: UnitCosts, prices: Prices) -> Plan:
    """Size one installation for what its provider allows and its servers carry, simulate it, and multiply."""
    provider = scenario.accounts / scenario.installations * scenario.mails_per_s * costs.use_of_limit
    carried = capacities(size(scenario, costs, mails_per_s=provider))
    planned = min(provider, *(carried[name] for name in ("emails", "ml", "postgres", "redis")))
    roles = size(scenario, costs, mails_per_s=planned)
    carried = capacities(roles)
    mailing = run_mailing(
        scenario,
        costs,
        processes=next(role.processes for role in roles if role.name == "emails"),
        all_mails_per_s=min(carried["postgres"], carried["redis"]),
        ml_users_per_s=carried["ml"],
    )
    sent = mailing.sent
    mails = scenario.mails / scenario.installations
    slowest = min(carried["web"], carried["tracking"])
    database = database_size(scenario, costs)
    final = size(scenario, costs, mails_per_s=planned, most_waiting=sent.most_waiting)
    return Plan(
        scenario=scenario,
        duration_s=mailing.duration_s,
        mails_per_s=scenario.mails / sent.sending_s,
        is_in_time=mailing.duration_s <= MINUTE_S * scenario.deadline_minutes,
        limit=binding(final, provider_mails_per_s=provider, mails_per_s=mails / sent.sending_s, sent=sent),
        roles=final,
        events_per_s=planned * costs.events_per_mail,
        events_behind_s=max(0.0, mails / slowest - sent.sending_s),
        database=database,
        bill=_bill(scenario, prices, final, disk_gb=database.total_gb),
    )


def _bill(scenario: Scenario, prices: Prices, roles: list[Role], *, disk_gb: float) -> Bill:
    cores = scenario.installations * sum(_rented_cores(role) for role in roles)
    memory_gb = scenario.installations * sum(role.memory_mb for role in roles) / 1000
    return Bill(
        mails=scenario.mails * WEEKS_PER_MONTH * prices.mail,
        cores=cores * HOURS_PER_MONTH * prices.core_hour,
        memory=memory_gb * HOURS_PER_MONTH * prices.gb_hour,
        disk=disk_gb * prices.disk_gb_month,
    )


def _rented_cores(role: Role) -> float:
    """The database's server as a whole; of a process what it uses, and a part of a core at least."""
    return float(role.processes) if role.name == "postgres" else max(role.cores, LEAST_CORES * role.processes)
