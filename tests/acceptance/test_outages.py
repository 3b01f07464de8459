"""The provider misbehaves in the middle of a campaign, and the campaign completes without anybody's help."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from mailing import USERS

from slo_reports import run_folder
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailing import Disturbed, Mailing

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

OUTAGE_S = 8
IN_FLIGHT = 2 * 32
"""Processes times open requests: what one ambiguous outage can leave without an answer."""


@pytest.fixture(autouse=True)
def _healed(mailing: Mailing) -> Iterator[None]:
    _order(mailing, "DELETE", "/faults")
    yield
    _order(mailing, "DELETE", "/faults")


def test_a_provider_that_refuses_connections_costs_at_most_what_was_in_flight(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.3)
        _break(mailing, fault="refuse", for_s=OUTAGE_S)
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") == 0
    # Open connections are reset: a request whose bytes were out already stays unknown, and nobody accepted it.
    assert campaign.jobs_in("indeterminate") <= IN_FLIGHT
    attempts = list(campaign.run.lines(run_folder.ATTEMPTS))
    sent = [attempt for attempt in attempts if attempt["outcome"] != "released"]
    assert len(sent) <= 1.1 * USERS + IN_FLIGHT


def test_answers_that_are_lost_after_acceptance_are_replaced_by_evidence(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.2)
        _break(mailing, fault="accept_then_reset", count=8)
    assert campaign.broken_invariants() == []
    assert _outcomes(campaign, "ambiguous") == 8
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_a_silent_provider_that_had_accepted_causes_no_second_mail(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.2)
        _break(mailing, fault="accept_then_hang", for_s=OUTAGE_S)
    assert campaign.broken_invariants() == []
    assert _outcomes(campaign, "ambiguous") > 0
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_ambiguous_errors_cost_at_most_what_was_in_flight(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.2)
        _break(mailing, fault="status", status=502, for_s=OUTAGE_S)
    assert campaign.broken_invariants() == []
    assert 0 < campaign.jobs_in("indeterminate") <= IN_FLIGHT
    assert campaign.jobs_in("failed") == 0


def test_throttled_mails_wait_as_long_as_the_provider_asks(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.2)
        _break(mailing, fault="too_many_requests", count=5)
    assert campaign.broken_invariants() == []
    assert _outcomes(campaign, "refused") >= 5
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_a_revoked_key_pauses_the_campaign_until_somebody_resumes_it(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.2)
        _break(mailing, fault="revoked_key")
        week = campaign.run.facts()["week"]

        def check() -> None:
            shown = mailing.steadypost("campaign", "status", "weekly-recos", "--week", week)
            if "paused" not in shown:
                raise NotReadyError("still running")
            assert "401" in shown

        wait_until_ready(check, what="the pause", deadline_s=60)
        _order(mailing, "DELETE", "/faults")
        mailing.steadypost("campaign", "resume", "weekly-recos", "--week", week)
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def _outcomes(campaign: Disturbed, outcome: str) -> int:
    return sum(attempt["outcome"] == outcome for attempt in campaign.run.lines(run_folder.ATTEMPTS))


def _break(mailing: Mailing, **rule: Any) -> None:
    _order(mailing, "PUT", "/faults", {"name": "outage", **rule})


def _order(mailing: Mailing, method: str, path: str, body: Any = None) -> None:
    request = urllib.request.Request(
        mailing.provider + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):
        pass
