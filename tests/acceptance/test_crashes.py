"""kill -9 in the middle of a campaign: every job still ends explained, and nobody gets a second mail."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
import redis

if TYPE_CHECKING:
    from mailing import Mailing

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

PROCESSES = 2


def test_an_undisturbed_campaign_mails_everyone_who_can_be_mailed(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        pass
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_a_killed_sending_worker_costs_at_most_its_groups_in_flight(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.3)
        _kill_worker(mailing, "worker-emails")
    assert campaign.broken_invariants() == []
    # Evidence settles what the provider had accepted; only intents whose bytes never left stay open.
    assert campaign.jobs_in("indeterminate") <= PROCESSES * 32
    assert campaign.jobs_in("failed") == 0


@pytest.mark.parametrize("program", ["worker-orchestrator", "worker-ml", "worker-tracking", "web"])
def test_any_other_killed_process_costs_nothing(mailing: Mailing, program: str) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.05)
        _kill_worker(mailing, program)
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_a_killed_redis_costs_nothing(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.3)
        mailing.stack.supervisor.signal("redis", "KILL")
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_a_flushed_redis_costs_nothing(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.3)
        with redis.Redis.from_url(mailing.stack.env["STEADYPOST_REDIS_URL"]) as connection:
            connection.flushall()
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_a_killed_postgres_costs_at_most_the_groups_in_flight(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.3)
        mailing.stack.supervisor.signal("postgres", "KILL")
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") == 0
    assert campaign.jobs_in("indeterminate") <= PROCESSES * 32


def _kill_worker(mailing: Mailing, program: str) -> None:
    supervisor = mailing.stack.supervisor
    for pid in (supervisor.pid(program), *supervisor.children(program)):
        os.kill(pid, signal.SIGKILL)
