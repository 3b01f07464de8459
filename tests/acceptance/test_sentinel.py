"""The master of three Redis servers dies in the middle of a campaign; sentinels name another, and nobody is asked."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from mailing import Mailing, accepted_mails
from sentinels import watched_redis

from chaos.laboratory import SETTINGS
from slo_reports import run_folder
from stack.readiness import NotReadyError, wait_until_ready
from stack.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from slo_reports.run_folder import RunFolder

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(420)]

PEOPLE = 900
BEFORE = 200
PAUSE_S = 2.0
"""Shorter ones come from a busy machine."""
FULL_RATE = 90
"""Mails within a second, of the limit's 100."""


def test_a_campaign_outlives_the_master_of_its_redis(tmp_path: Path, server_folder: Path) -> None:
    with (
        watched_redis(tmp_path / "redis") as redis,
        Stack(
            "sentinel", root=server_folder / "stacks", overrides=SETTINGS | {"STEADYPOST_REDIS_URL": redis.url}
        ) as stack,
    ):
        mailing = Mailing(stack, tmp_path)
        mailing.steadypost("population", "generate", "--users", str(PEOPLE), "--products", "50", "--seed", "7")
        mailing.steadypost("model", "train")
        with mailing.campaign() as disturbed:
            wait_for_mails(mailing, BEFORE)
            killed_at = time.time()
            old = redis.kill_master()
            redis.wait_for_another_master(old)
            failover_s = time.time() - killed_at
    assert disturbed.broken_invariants() == []
    assert disturbed.jobs_in("accepted") + disturbed.jobs_in("delivered") + disturbed.jobs_in("bounced") > BEFORE
    print(f"\nanother master after {failover_s:.1f} s, {back_after(disturbed.run, killed_at)}")  # noqa: T201  # what -s is for


def wait_for_mails(mailing: Mailing, mails: int) -> None:
    def check() -> None:
        if (accepted := accepted_mails(mailing.provider)) < mails:
            raise NotReadyError(f"{accepted} mails")

    wait_until_ready(check, what=f"{mails} mails", deadline_s=90)


def back_after(run: RunFolder, killed_at: float) -> str:
    """When mails and the full rate were back: for who reads, since a busy machine takes longer."""
    accepted = sorted(line["received_at"] for line in run.lines(run_folder.LEDGER) if line["kind"] == "accepted")
    first = next(later for earlier, later in pairwise(accepted) if later > killed_at and later - earlier > PAUSE_S)
    rates = zip(accepted, accepted[FULL_RATE:], strict=False)
    full = next((end for start, end in rates if start >= first and end - start <= 1.0), None)
    said = f"full rate after {full - killed_at:.1f} s" if full else "never at the full rate"
    return f"mails after {first - killed_at:.1f} s, {said}"
