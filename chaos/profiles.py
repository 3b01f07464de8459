"""Sizes of a proof: rates are always real, size and outage scale together; only `full` proves the headline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

PRODUCTION_RESOLUTION_DEADLINE_S: Final = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One size of the campaign that `slo-test` runs."""

    users: int
    products: int
    outage_s: float
    deadline_s: float
    """By when everybody must have an end; 2 h for the full size."""
    resolution_deadline_s: float
    """How long an unknown job waits for evidence."""
    stages: str
    """The webhook load beside the campaign: name:seconds:events per second; `rest` lasts until the end."""
    outage_at_share: float = 0.4
    """The outage begins when this share of the audience has its mail."""
    trailing_s: float = 15.0
    """How long to wait for late events after the last job's end."""

    def mode(self) -> dict[str, Any]:
        """What the run may claim: everything, or the compressed equivalent."""
        compression = PROFILES["full"].users / self.users
        return {
            "kind": "full" if compression == 1 else "compressed",
            "compression": compression,
            "users": self.users,
            "outage_s": self.outage_s,
            "deadline_s": self.deadline_s,
        }

    def durations(self) -> list[dict[str, Any]]:
        """What was scaled and what was not: production value beside the value of this run."""
        full = PROFILES["full"]
        scaled = {
            "provider_outage_s": (full.outage_s, self.outage_s),
            "completion_deadline_s": (full.deadline_s, self.deadline_s),
            "resolution_deadline_s": (PRODUCTION_RESOLUTION_DEADLINE_S, self.resolution_deadline_s),
        }
        return [
            *(
                {"name": name, "production": there, "here": here, "scaled": True}
                for name, (there, here) in scaled.items()
            ),
            *({"name": name, "production": value, "here": value, "scaled": False} for name, value in UNSCALED.items()),
        ]


# Settings and facts of life that no profile shortens; a compressed run must stay long beside them.
UNSCALED: Final = {
    "probe_interval_s": 1.0,
    "retry_after_s": 1.0,
    "retry_cap_s": 30.0,
    "request_deadline_s": 10.0,
    "claim_lease_s": 30.0,
    "sweep_interval_s": 2.0,
    "webhook_objective_s": 1.0,
    "redis_fsync_s": 1.0,
    "celery_worker_start_s": 4.0,
}

PROFILES: Final = {
    "smoke": Profile(
        users=2_000,
        products=500,
        outage_s=20,
        deadline_s=144,
        resolution_deadline_s=30,
        stages="warm-up:4s:250,hold:20s:500,spike:5s:1000,soak:rest:500",
        trailing_s=8,
    ),
    "ci": Profile(
        users=5_000,
        products=1_000,
        outage_s=30,
        deadline_s=360,
        resolution_deadline_s=60,
        stages="warm-up:5s:250,hold:40s:500,spike:5s:1000,soak:rest:500",
    ),
    "full": Profile(
        users=100_000,
        products=2_000,
        outage_s=600,
        deadline_s=7_200,
        resolution_deadline_s=900,
        stages="warm-up:30s:250,hold:300s:500,spike:20s:1000,soak:rest:500",
        trailing_s=60,
    ),
}
