"""How long one installation's weekly mailing takes, from the first row to the end of the last campaign."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from system.planning.roles import sender_mails_per_s
from system.planning.sending import Senders, Waiting, simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from system.planning.scenario import Scenario
    from system.planning.sending import Sent
    from system.planning.unit_costs import UnitCosts

MINUTE_S = 60.0
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """One installation's campaigns, one for each of its accounts, all started at once."""

    duration_s: float
    sent: Sent


def run_mailing(
    scenario: Scenario, costs: UnitCosts, *, processes: int, all_mails_per_s: float, ml_users_per_s: float
) -> Mailing:
    """Simulate it; a refused attempt takes a permit too, so that retries count as further mails."""
    begin_s = MINUTE_S * scenario.outage_after_minutes
    end_s = begin_s + MINUTE_S * scenario.outage_minutes + costs.recover_s
    senders = Senders(
        processes=processes,
        process_mails_per_s=sender_mails_per_s(scenario, costs),
        account_mails_per_s=scenario.mails_per_s * costs.use_of_limit,
        all_mails_per_s=all_mails_per_s,
        batch_jobs=scenario.batch_jobs,
        batch_run_s=scenario.batch_run_s,
        outage=(begin_s, end_s) if scenario.outage_minutes else (inf, inf),
    )
    users_per_s = min(costs.dispatch_jobs_per_s, ml_users_per_s)
    arrivals = batches(scenario, start_s=costs.start_s, users_per_s=users_per_s)
    sent = simulate(senders, arrivals, accounts=scenario.accounts // scenario.installations)
    return Mailing(duration_s=sent.last_mail_s + costs.finish_s, sent=sent)


def batches(scenario: Scenario, *, start_s: float, users_per_s: float) -> Iterator[Waiting]:
    """The queue of one installation's senders, in its order.

    As many campaigns are dispatched side by side as there are dispatchers, and whose page comes next is chance: nobody
    keeps them in step. The first batch waits at `start_s`, the others follow at the pace of dispatch and scoring.
    """
    accounts = scenario.accounts // scenario.installations
    users = scenario.users / scenario.installations / accounts
    attempts_per_user = scenario.mailed_share / (1 - scenario.retry_share)
    rng, done = random.Random(SEED), 0.0  # noqa: S311  # a simulation, the same every time
    for first in range(0, accounts, scenario.dispatchers):
        left = dict.fromkeys(range(first, min(accounts, first + scenario.dispatchers)), users)
        while left:
            account = rng.choice(list(left))
            for named in _batches_of_page(scenario, users=left[account]):
                since_s = start_s + done / users_per_s
                yield Waiting(account=account, mails=named * attempts_per_user, since_s=since_s)
                done += named
            left[account] -= scenario.page_users
            if left[account] <= 0:
                del left[account]


def _batches_of_page(scenario: Scenario, *, users: float) -> Iterator[float]:
    left = min(users, scenario.page_users)
    while left > 0:
        yield min(left, scenario.batch_jobs)
        left -= scenario.batch_jobs
