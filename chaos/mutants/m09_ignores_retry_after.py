"""M9: a 429 is retried without a look at the time that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Step
from chaos.mutants.exhibit import exhibit
from chaos.mutants.mutant import Change, Mutant

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    throttled = scene.provider_fault("too_many_requests", count=10, retry_after_s=8)
    return [Step(injector=throttled, at_share=0.3, hold_s=3.0)]


MUTANT = Mutant(
    name="M9",
    title="The time that a 429 names is ignored",
    why="Back-off of one's own seems polite enough; the provider blocks accounts for it.",
    expected=("I10",),
    words="a 429",
    experiment=exhibit(
        name="asked-to-wait",
        fault="F06",
        title="The provider asks to wait for 8 s",
        steps=_steps,
        also=("I10",),
    ),
    changes=(
        Change(
            file="mail/reply.py",
            old="wait_s = _retry_after_s(headers, now=now) if kind is ReplyKind.THROTTLED else None",
            new="wait_s = None",
        ),
    ),
    programs=("worker-emails",),
)
