"""Processes that die or wait at exactly one place of their code in mid-campaign; the judge finds nothing to blame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.injectors.failpoint import AtFailpoint
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from mailing import Mailing

    from system.failpoints import Failpoint

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

IN_FLIGHT = 32
WINDOWS: tuple[Failpoint, ...] = ("before_intent", "after_intent", "after_bytes", "before_record", "after_record")
"""W0 to W5; whether `after_bytes` is W2 or W3 is the provider's choice, which accepts here."""


def test_sending_workers_that_die_in_every_window_cost_at_most_what_was_in_flight(mailing: Mailing) -> None:
    with mailing.campaign() as campaign:
        for place in WINDOWS:
            _let_it_happen(AtFailpoint(folder=mailing.orders, place=place))
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") == 0
    assert campaign.jobs_in("indeterminate") <= len(WINDOWS) * IN_FLIGHT


def test_an_answer_that_is_written_after_its_events_costs_nothing(mailing: Mailing) -> None:
    held = AtFailpoint(folder=mailing.orders, place="before_record", do="hold", after=2)
    with mailing.campaign() as campaign:
        campaign.wait_until_accepted(0.1)
        held.inject()
        _wait_for_look(held)
        campaign.wait_until_accepted(0.5)
        held.heal()
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def test_whoever_else_dies_between_two_commits_costs_nothing(mailing: Mailing) -> None:
    dispatcher = AtFailpoint(folder=mailing.orders, place="after_page", fault="F31")
    dispatcher.inject()
    with mailing.campaign() as campaign:
        _wait_for_look(dispatcher)
        dispatcher.heal()
        for place in ("before_apply", "after_apply", "after_inbox"):
            _let_it_happen(AtFailpoint(folder=mailing.orders, place=place, fault="F34"))
    assert campaign.broken_invariants() == []
    assert campaign.jobs_in("failed") + campaign.jobs_in("indeterminate") == 0


def _let_it_happen(death: AtFailpoint) -> None:
    death.inject()
    try:
        _wait_for_look(death)
    finally:
        death.heal()


def _wait_for_look(injector: AtFailpoint) -> None:
    def check() -> None:
        if not injector.look():
            raise NotReadyError("nobody has been there")

    wait_until_ready(check, what=injector.name, deadline_s=60)
