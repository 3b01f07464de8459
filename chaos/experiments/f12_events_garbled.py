"""F12: events come twice, out of order, late or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step
from chaos.injectors.provider import WebhookFault

if TYPE_CHECKING:
    from chaos.scene import Scene

SHARES = {
    "duplicate_same_id": 0.5,
    "duplicate_new_id": 0.5,
    "reorder": 0.3,
    "delay": 0.1,
    "delay_s": 3.0,
    "lose": 0.05,
    "bad_event": 0.05,
}
"""SendGrid's customers report three copies of an event on average, and 46 at most (sendgrid/docs#2933)."""


def _steps(scene: Scene) -> list[Step]:
    garbled = WebhookFault(management_url=scene.provider, shares=SHARES)
    return [Step(injector=garbled, at_share=0.0, hold_s=10.0)]


EXPERIMENTS = (
    Experiment(
        name="events-garbled",
        fault="F12",
        rank=Rank.P0,
        title="Half of the events come twice, a third out of order, 5 % never",
        loses="Delivered mails would be shown as bounced, and people be suppressed who did nothing.",
        why="The state is a fold of the set of events: any order, any number of copies.",
        notices="Nothing.",
        dependency="webhook",
        trouble="lying",
        steps=_steps,
    ),
)
