"""F02: a share of the requests gets a 503, as in SendGrid's incident of December 2020."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Needs, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene

FIRM = {"STEADYPOST_AMBIGUOUS_STATUSES": "[500, 501, 502, 504]"}
"""For a provider whose 503 says for certain that the mail was not taken."""


def _few(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("status", status=503, probability=0.05), hold_s=5.0)]


def _many(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("status", status=503, probability=0.15), hold_s=5.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-brownout",
        fault="F02",
        rank=Rank.P0,
        title="5 % of the requests get a 503",
        loses="Mails that were answered with an error would be sent a second time, although they had been accepted.",
        why="SendGrid does not say whether a 5xx was accepted: such a mail waits for evidence and is never sent again.",
        notices="Whose request got the 503 gets no mail this week.",
        dependency="provider",
        trouble="slow",
        steps=_few,
        # About 5 s at 100 mails/s, of which 5 %: nobody has accepted these, and nobody can know it.
        expected=Expected(indeterminate=50),
    ),
    Experiment(
        name="provider-brownout-firm",
        fault="F02",
        rank=Rank.P1,
        title="15 % of the requests get a 503 that is a firm no",
        loses="Every seventh mail of the brownout would be given up.",
        why="With a provider whose 503 is a firm no, one setting turns all of these into retries.",
        notices="Mails come later by seconds.",
        dependency="provider",
        trouble="slow",
        steps=_many,
        needs=Needs(settings=FIRM),
    ),
)
