"""What becomes of a mail: a seeded draw of events and delays for each recipient."""

import math
import random
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Step = tuple[str, float, dict[str, Any]]
"""Event, seconds after the previous step, details."""
Share = Annotated[float, Field(ge=0, le=1)]
_STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Delay(BaseModel):
    """Log-normal seconds; a median of 0 is no delay."""

    model_config = _STRICT

    median_s: float = Field(ge=0, le=1e6)
    sigma: float = Field(default=0.5, ge=0, le=3)

    def draw_s(self, chance: random.Random) -> float:
        """One delay."""
        return chance.lognormvariate(math.log(self.median_s), self.sigma) if self.median_s else 0.0


class Profile(BaseModel):
    """How recipients and their mail servers behave; shares are of the mails that come so far."""

    model_config = _STRICT

    processing: Delay = Delay(median_s=0.2)
    delivery: Delay = Delay(median_s=1.0)
    deferral: Delay = Delay(median_s=5.0)
    """Between two tries of a deferred mail; minutes in reality."""
    opening: Delay = Delay(median_s=20.0)
    clicking: Delay = Delay(median_s=10.0)
    complaining: Delay = Delay(median_s=30.0)

    invalid: Share = 0.001
    """Dropped as invalid; the address is suppressed."""
    deferred: Share = 0.02
    """Deferred once to three times, then delivered."""
    hard_bounce: Share = 0.008
    """Bounced; the address is suppressed."""
    blocked: Share = 0.003
    """Bounced with type blocked; nobody is suppressed."""
    machine_open: Share = 0.15
    """Opened by a privacy proxy right after delivery."""
    opened: Share = 0.25
    clicked: Share = 0.15
    """Share of the opened mails."""
    unsubscribed: Share = 0.001
    spam_reported: Share = 0.0003


_AT_ONCE = Delay(median_s=0)
FULL_SPEED = Profile(
    processing=_AT_ONCE,
    delivery=_AT_ONCE,
    deferral=_AT_ONCE,
    opening=_AT_ONCE,
    clicking=_AT_ONCE,
    complaining=_AT_ONCE,
    invalid=0,
    deferred=0,
    hard_bounce=0,
    blocked=0,
    machine_open=0,
    opened=0,
    clicked=0,
    unsubscribed=0,
    spam_reported=0,
)
"""Everybody is delivered to, at once, and nobody opens anything."""


def plan_steps(profile: Profile, *, email: str, seed: int, drop_reason: str | None, group: int | None) -> list[Step]:
    """The events of one mail in their order; the address decides, so it behaves alike in every run of a seed."""
    chance = random.Random(f"{seed}:{email}")  # noqa: S311 - simulation, not secrecy
    start = profile.processing.draw_s(chance)
    if drop_reason is not None:
        return [("dropped", start, {"reason": drop_reason, "status": "5.0.0"})]
    if chance.random() < profile.invalid:
        return [("dropped", start, {"reason": "Invalid", "status": "5.0.0"})]
    processed: Step = ("processed", start, {})
    failed = _plan_failure(profile, chance)
    if failed is not None:
        return [processed, failed]
    delivered: Step = ("delivered", profile.delivery.draw_s(chance), {})
    return [processed, *_plan_deferrals(profile, chance), delivered, *_plan_engagement(profile, chance, group)]


def _plan_failure(profile: Profile, chance: random.Random) -> Step | None:
    draw = chance.random()
    delay_s = profile.delivery.draw_s(chance)
    if draw < profile.hard_bounce:
        return ("bounce", delay_s, {"type": "bounce"})
    return ("bounce", delay_s, {"type": "blocked"}) if draw < profile.hard_bounce + profile.blocked else None


def _plan_deferrals(profile: Profile, chance: random.Random) -> list[Step]:
    if chance.random() >= profile.deferred:
        return []
    tries = chance.randint(1, 3)
    return [("deferred", profile.deferral.draw_s(chance), {"attempt": str(number + 1)}) for number in range(tries)]


def _plan_engagement(profile: Profile, chance: random.Random, group: int | None) -> list[Step]:
    steps: list[Step] = []
    if chance.random() < profile.machine_open:
        steps.append(("open", 0.5, {"sg_machine_open": True}))
    if chance.random() < profile.opened:
        steps.append(("open", profile.opening.draw_s(chance), {"sg_machine_open": False}))
        if chance.random() < profile.clicked:
            steps.append(("click", profile.clicking.draw_s(chance), {}))
    if chance.random() < profile.spam_reported:
        steps.append(("spamreport", profile.complaining.draw_s(chance), {}))
    elif chance.random() < profile.unsubscribed:
        kind = "unsubscribe" if group is None else "group_unsubscribe"
        steps.append((kind, profile.complaining.draw_s(chance), {}))
    return steps
