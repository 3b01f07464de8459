"""F03: the provider accepts, and its answer never comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import PROVIDER_LINK, Expected, Experiment, Needs, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _silent(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("accept_then_hang"), hold_s=6.0)]


def _black_hole(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.timeout(PROVIDER_LINK, fault="F03"), hold_s=6.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-silent",
        fault="F03",
        rank=Rank.P0,
        title="SendGrid accepts and does not answer",
        loses="Everybody whose mail was under way would get it twice.",
        why="A deadline says nothing about acceptance: the mail is unknown until a signed event proves it.",
        notices="Nothing.",
        dependency="provider",
        trouble="lying",
        steps=_silent,
    ),
    Experiment(
        name="provider-answers-lost",
        fault="F03",
        rank=Rank.P1,
        title="The network swallows SendGrid's answers",
        loses="Everybody whose mail was under way would get it twice.",
        why="The same by Toxiproxy's black hole: requests arrive, answers don't.",
        notices="Nothing.",
        dependency="provider",
        trouble="lying",
        steps=_black_hole,
        expected=Expected(bunched_mails=10),
        needs=Needs(links=(PROVIDER_LINK,)),
    ),
)
