"""F07: a sending worker is killed, anywhere or exactly in one of the crash windows W0 to W6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.scene import Scene
    from system.failpoints import Failpoint

GROUP = 32
"""Mails that one process has on their way."""
HELD = 4
"""Messages that the processes of a worker had taken, and one more each that was fetched for them."""


def _killed(scene: Scene) -> list[Step]:
    return [Step(injector=scene.ended("worker-emails", fault="F07"), hold_s=2.0)]


def _at(*places: Failpoint) -> Callable[[Scene], list[Step]]:
    """Whoever comes by each place next dies there, one after the other."""

    def steps(scene: Scene) -> list[Step]:
        return [Step(injector=scene.at(place), hold_s=20.0, at_share=0.05, until_seen=True) for place in places]

    return steps


def _held(scene: Scene) -> list[Step]:
    """The answer is read and not written down until the events have told it: W6."""
    return [Step(injector=scene.at("before_record", do="hold", after=2), hold_s=3.0, at_share=0.1)]


EXPERIMENTS = (
    Experiment(
        name="sender-killed",
        fault="F07",
        rank=Rank.P0,
        title="kill -9 of the sending worker",
        loses="Everybody in the group under way would get two mails, or none and nobody would know.",
        why="What was under way is unknown, and evidence decides; what was not begun is taken up by the next.",
        notices="Nothing, for all but at most the group in flight of each process.",
        dependency="our processes",
        trouble="down",
        steps=_killed,
        # Two processes; evidence settles what had been accepted. Celery needs seconds to start.
        expected=Expected(indeterminate=2 * GROUP, first_accept_s=15.0, full_rate_s=15.0, unacked=HELD),
    ),
    Experiment(
        name="sender-dies-before-its-answer",
        fault="F07",
        rank=Rank.P0,
        title="A sender dies with a claim (W0), with an intent (W1), with bytes out (W2, W3)",
        loses="Its group would be sent twice, or for ever count as under way.",
        why="The three windows before an answer is read, each hit exactly by a failpoint.",
        notices="Nothing, for all but at most one group for each death with an intent.",
        dependency="our processes",
        trouble="down",
        steps=_at("before_intent", "after_intent", "after_bytes"),
        # Of W1 nobody ever hears; W2 and W3 are accepted here and so proven by events.
        expected=Expected(indeterminate=2 * GROUP, full_rate_s=None),
    ),
    Experiment(
        name="sender-dies-after-its-answer",
        fault="F07",
        rank=Rank.P0,
        title="A sender dies with the answer read (W4) and with it committed (W5)",
        loses="Mails that SendGrid has would be sent again.",
        why="The windows after an answer, each hit exactly by a failpoint; Celery delivers the task again.",
        notices="Nothing.",
        dependency="our processes",
        trouble="down",
        steps=_at("before_record", "after_record"),
        # In both windows the rest of the group may be under way.
        expected=Expected(indeterminate=2 * GROUP, full_rate_s=None),
    ),
    Experiment(
        name="sender-overtaken-by-events",
        fault="F07",
        rank=Rank.P0,
        title="Events arrive before the answer is written down (W6)",
        loses="A mail would count as sent twice, or its delivery be forgotten.",
        why="The sender's own answer must be idle when evidence was faster.",
        notices="Nothing.",
        dependency="our processes",
        trouble="slow",
        steps=_held,
    ),
)
