"""M1: a request that timed out is taken for refused, and sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos.experiment import Step
from chaos.mutants.exhibit import exhibit
from chaos.mutants.mutant import Change, Mutant

if TYPE_CHECKING:
    from chaos.scene import Scene

SHARE: Final = 0.06
LATE_S: Final = 8.0
"""Later than the retry, so that no event of the first mail can prevent the second."""
AFTER_THE_END: Final = {"I9": "the late mail comes after the one that was sent instead has ended its job"}


def _steps(scene: Scene) -> list[Step]:
    late = scene.provider_fault("late_accept", delay_s=LATE_S, probability=SHARE)
    return [Step(injector=late, at_share=0.1, hold_s=6.0)]


MUTANT = Mutant(
    name="M1",
    title="A request that timed out is sent again",
    why="A read timeout looks like a failure, and is none: the provider may accept the mail a moment later.",
    expected=("I1",),
    companions=AFTER_THE_END,
    experiment=exhibit(
        name="accepted-after-the-deadline",
        fault="F05",
        title="Some mails are accepted long after the client has given up",
        steps=_steps,
    ),
    changes=(
        Change(
            file="mail/provider.py",
            old="AMBIGUOUS if progress.connected else",
            new="AMBIGUOUS if progress.connected and not isinstance(exc, TimeoutError) else",
        ),
    ),
    programs=("worker-emails",),
)
