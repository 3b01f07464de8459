"""M10: a request may take as long as the provider likes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chaos.experiment import Step
from chaos.mutants.exhibit import PATIENT, exhibit
from chaos.mutants.mutant import Change, Mutant

if TYPE_CHECKING:
    from chaos.scene import Scene

DRIP_BYTES_PER_S: Final = 25
"""An answer of some 700 bytes takes half a minute."""


def _steps(scene: Scene) -> list[Step]:
    drip = scene.provider_fault("drip", bytes_per_s=DRIP_BYTES_PER_S)
    return [Step(injector=drip, at_share=0.3, hold_s=4.0)]


MUTANT = Mutant(
    name="M10",
    title="No total deadline for a request",
    why="Timeouts of libraries are for single reads: one byte a second passes all of them.",
    expected=("I12",),
    words="first mail",
    experiment=exhibit(
        name="dripping-answers",
        fault="F23",
        title="The provider's answers drip for half a minute",
        steps=_steps,
        also=("I12",),
        expected=replace(PATIENT, first_accept_s=12.0),
    ),
    changes=(
        Change(
            file="mail/provider.py",
            old="asyncio.timeout(self._deadline_s)",
            new="asyncio.timeout(None)",
        ),
    ),
    programs=("worker-emails",),
)
