"""What must hold of the sending protocol, after every step and at the end; named as in the chaos report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from system.states import EVIDENCE_ORDER, IN_WORK, REASONED, SENT, TRANSITIONS, Happening, JobState, after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_provider import Request
    from send_world import World
    from sqlalchemy import Row

ENDS = frozenset(JobState) - IN_WORK


class Violated(AssertionError):  # noqa: N818  # it names a finding
    """An invariant does not hold; its text starts with the invariant's name."""


def require(holds: bool, name: str, what: object) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise Violated(f"{name}: {what}")


def check_accept(world: World, request: Request) -> None:
    """What the database must say at the moment when the provider accepts a mail."""
    rows = world.run(
        """SELECT j.status, j.reason, a.id IS NOT NULL AS intended FROM email_jobs j
           LEFT JOIN send_attempts a ON a.campaign_id = j.campaign_id AND a.job_id = j.id AND a.id = :attempt_id
           WHERE j.campaign_id = :campaign_id AND j.id = :job_id""",
        campaign_id=request.campaign_id,
        job_id=request.job_id,
        attempt_id=request.attempt_id,
    )
    status, reason, intended = rows[0]
    require(intended, "I8", f"accepted without an intent: {request}")
    require(JobState(status) not in ENDS, "I9", f"accepted although the job had ended as {status} ({reason})")


def check_each_step(world: World) -> None:
    """The invariants that never rest."""
    most = Counter(request.user_id for request in world.provider.accepted)
    require(all(count == 1 for count in most.values()), "I1", f"accepted more than once: {most}")
    jobs = world.run(
        "SELECT id, user_id, status, reason, claim_token, attempt_id FROM email_jobs WHERE campaign_id = :campaign_id",
        campaign_id=world.campaign_id,
    )
    world.statuses = {job.id: job.status for job in jobs}
    require(sorted(job.user_id for job in jobs) == world.users, "I3", "not one job per user")
    for job in jobs:
        _check_fold(world, job)
        require(job.status not in REASONED or job.reason, "I3", f"job {job.id} is {job.status} without a reason")


def _check_fold(world: World, job: Row[tuple[object, ...]]) -> None:
    proofs = world.evidence.get(job.id)
    if not proofs:
        return
    strongest = max(proofs, key=EVIDENCE_ORDER.index)
    if job.status == JobState.INDETERMINATE:
        require(job.id not in world.in_time, "I6", f"job {job.id} ended while {strongest} lay in the inbox")
        return
    expected = after(JobState.UNKNOWN, strongest)
    require(job.status == expected, "I6", f"job {job.id} is {job.status}, its events prove {expected}")


def check_history(world: World) -> None:
    """Every job's transitions are an unbroken chain of listed ones that ends where the job stands."""
    rows = world.run(
        """SELECT j.id, j.status, t.happening, t.from_status, t.to_status FROM email_jobs j
           JOIN job_transitions t ON t.campaign_id = j.campaign_id AND t.job_id = j.id
           WHERE j.campaign_id = :campaign_id ORDER BY t.id""",
        campaign_id=world.campaign_id,
    )
    at: dict[int, str] = {}
    for job_id, _, happening, source, target in rows:
        edge = (JobState(source), Happening(happening))
        require(TRANSITIONS.get(edge) == target, "I5", f"job {job_id} went {source} -{happening}-> {target}")
        require(at.get(job_id, "pending") == source, "I5", f"job {job_id} was {at.get(job_id)}, then left {source}")
        at[job_id] = target
    for job_id, status, *_ in rows:
        require(at[job_id] == status, "I5", f"job {job_id} is {status}, its history ends in {at[job_id]}")


def check_end(world: World, statuses: Sequence[tuple[int, str]]) -> None:
    """After quiescence: everything has ended, and the database and the provider tell the same."""
    accepted = {request.job_id for request in world.provider.accepted}
    for job_id, status in statuses:
        require(JobState(status) in ENDS, "I3", f"job {job_id} is left {status}")
        if job_id in accepted:
            require(status in SENT or status == JobState.INDETERMINATE, "I2", f"ghost: job {job_id} is {status}")
        else:
            require(status not in SENT, "I2", f"phantom: job {job_id} is {status}")
