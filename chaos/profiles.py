"""Sizes of a proof: rates are always real, size and deadlines scale together; only `full` proves the headline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One size of the campaign that `slo-test` runs."""

    users: int
    products: int
    deadline_s: float
    resolution_deadline_s: float
    """How long an unknown job waits for evidence; 24 h in production."""


PROFILES = {
    "smoke": Profile(users=2_000, products=500, deadline_s=300, resolution_deadline_s=30),
    "ci": Profile(users=5_000, products=1_000, deadline_s=600, resolution_deadline_s=60),
    "full": Profile(users=100_000, products=2_000, deadline_s=7_200, resolution_deadline_s=900),
}
