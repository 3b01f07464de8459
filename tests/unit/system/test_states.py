from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.states import (
    EVIDENCE,
    EVIDENCE_ORDER,
    FAILURES,
    IN_WORK,
    REASONED,
    SENT,
    TRANSITIONS,
    EventKind,
    Happening,
    JobState,
    after,
    sources,
)
from system.storage.models import EmailJob

pytestmark = pytest.mark.unit

EVIDENCE_TARGETS = {
    Happening.EVIDENCE_ACCEPTED: JobState.ACCEPTED,
    Happening.EVIDENCE_DELIVERED: JobState.DELIVERED,
    Happening.EVIDENCE_BOUNCED: JobState.BOUNCED,
    Happening.EVIDENCE_DROPPED: JobState.DROPPED,
}
RANK = {JobState.ACCEPTED: 0, JobState.DELIVERED: 1, JobState.BOUNCED: 2, JobState.DROPPED: 3}


def check_constraint(name: str) -> str:
    return next(str(c.sqltext) for c in EmailJob.__table__.constraints if str(c.name).endswith(f"_{name}"))  # type: ignore[attr-defined]  # only checks have a text


@pytest.mark.parametrize(("state", "happening"), list(itertools.product(JobState, Happening)))
def test_every_pair_leads_to_a_state_or_changes_nothing(state: JobState, happening: Happening) -> None:
    assert after(state, happening) is None or isinstance(after(state, happening), JobState)


def test_no_transition_leads_back_to_its_own_state() -> None:
    assert [pair for pair, target in TRANSITIONS.items() if pair[0] is target] == []


@pytest.mark.parametrize("state", sorted(set(JobState) - IN_WORK))
def test_what_has_ended_is_moved_by_evidence_alone(state: JobState) -> None:
    assert {what for source, what in TRANSITIONS if source is state} <= set(EVIDENCE_ORDER)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.SKIPPED, JobState.INDETERMINATE, JobState.DROPPED])
def test_a_final_state_has_no_way_out(state: JobState) -> None:
    assert [what for source, what in TRANSITIONS if source is state] == []


def test_every_state_has_a_place_in_the_table() -> None:
    assert {source for source, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(JobState)


def test_every_happening_moves_something() -> None:
    assert {what for _, what in TRANSITIONS} == set(Happening)


def test_every_state_is_in_work_sent_failed_or_skipped() -> None:
    assert [len([s for s in (IN_WORK, SENT, FAILURES, {JobState.SKIPPED}) if state in s]) for state in JobState] == [
        1
    ] * len(JobState)


def test_nothing_may_be_sent_from_a_state_that_may_have_been_sent() -> None:
    assert sources(Happening.INTENT) == ["claimed"]
    assert sources(Happening.CLAIMED) == ["ready"]
    assert after(JobState.UNKNOWN, Happening.RELEASED) is None
    assert after(JobState.UNKNOWN, Happening.ANSWER_REFUSED) is None


def test_a_bounce_is_never_undone_by_a_delivery() -> None:
    assert after(JobState.BOUNCED, Happening.EVIDENCE_DELIVERED) is None


def test_the_database_knows_exactly_these_states() -> None:
    assert sorted(part.strip(" ')") for part in check_constraint("status").split("(")[1].split(",")) == sorted(JobState)


@pytest.mark.parametrize("state", JobState)
def test_the_database_demands_a_reason_where_the_states_do(state: JobState) -> None:
    assert (f"'{state}'" in check_constraint("reason")) is (state in REASONED)


def test_every_failure_and_every_end_without_a_mail_says_why() -> None:
    assert {JobState.FAILED, JobState.SKIPPED, JobState.INDETERMINATE} <= REASONED


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_proves_something(kind: EventKind) -> None:
    assert EVIDENCE[kind] in EVIDENCE_ORDER


@pytest.mark.parametrize("kind", [EventKind.OPEN, EventKind.CLICK, EventKind.PROCESSED, EventKind.DEFERRED])
def test_an_event_that_is_no_delivery_proves_acceptance_only(kind: EventKind) -> None:
    assert EVIDENCE[kind] is Happening.EVIDENCE_ACCEPTED


@given(
    st.sampled_from([JobState.READY, JobState.CLAIMED, JobState.SENDING, JobState.UNKNOWN, JobState.ACCEPTED]),
    st.lists(st.sampled_from(EVIDENCE_ORDER), min_size=1, max_size=6).flatmap(
        lambda proofs: st.tuples(st.just(proofs), st.permutations(proofs))
    ),
)
def test_evidence_leads_to_its_maximum_in_any_order(
    start: JobState, orders: tuple[list[Happening], list[Happening]]
) -> None:
    ends = []
    for order in orders:
        state = start
        for happening in order:
            state = after(state, happening) or state
        ends.append(state)
    best = max(orders[0], key=EVIDENCE_ORDER.index)
    assert ends[0] is ends[1]
    assert RANK[ends[0]] == max(RANK[EVIDENCE_TARGETS[best]], RANK.get(start, 0))
