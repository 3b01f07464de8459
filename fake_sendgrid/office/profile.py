"""What becomes of a mail: a seeded draw of events and delays for each recipient."""

import math
import random
from typing import Any

from pydantic import BaseModel, Field

Step = tuple[str, float, dict[str, Any]]
"""Event, seconds after the previous step, details."""


class Delay(BaseModel):
    """Log-normal seconds; a median of 0 is no delay."""

    median_s: float = Field(ge=0)
    sigma: float = Field(default=0.5, ge=0)

    def draw_s(self, chance: random.Random) -> float:
        """One delay."""
        return chance.lognormvariate(math.log(self.median_s), self.sigma) if self.median_s else 0.0


class Profile(BaseModel):
    """How recipients behave."""

    processing: Delay = Delay(median_s=0.2)
    delivery: Delay = Delay(median_s=1.0)


FULL_SPEED = Profile(processing=Delay(median_s=0), delivery=Delay(median_s=0))


def plan_steps(profile: Profile, *, email: str, seed: int) -> list[Step]:
    """The events of one mail in their order."""
    chance = random.Random(f"{seed}:{email}")  # noqa: S311 - simulation, not secrecy
    return [
        ("processed", profile.processing.draw_s(chance), {}),
        ("delivered", profile.delivery.draw_s(chance), {}),
    ]
