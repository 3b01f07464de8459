"""F06: the provider answers 429, with a time to come back, or with nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


COME_BACK_S = 4
BOUND_S = 8
"""How long the laboratory's settings believe a provider; 15 minutes in production."""


def _documented(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("too_many_requests", count=20, retry_after_s=COME_BACK_S), hold_s=3.0)]


def _absurd(scene: Scene) -> list[Step]:
    nonsense = scene.provider_fault("too_many_requests", count=20, retry_headers="absurd")
    return [Step(injector=nonsense, hold_s=3.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-throttles",
        fault="F06",
        rank=Rank.P0,
        title="SendGrid answers 429",
        loses="Throttled mails would be given up, or hammered until the account is blocked.",
        why="A 429 is a firm no: back to ready, and due when the provider said.",
        notices="Nothing.",
        dependency="provider",
        trouble="slow",
        steps=_documented,
        # The whole account waits, as the provider asked.
        expected=Expected(first_accept_s=COME_BACK_S + 5.0, full_rate_s=COME_BACK_S + 5.0),
    ),
    Experiment(
        name="provider-throttles-absurdly",
        fault="F06",
        rank=Rank.P1,
        title="SendGrid's 429 says to come back tomorrow, or yesterday",
        loses="A malformed header would put mails off for a day, or send them in a loop.",
        why="Retry-After is bounded on both sides.",
        notices="Nothing.",
        dependency="provider",
        trouble="lying",
        steps=_absurd,
        expected=Expected(first_accept_s=BOUND_S + 5.0, full_rate_s=BOUND_S + 5.0),
    ),
)
