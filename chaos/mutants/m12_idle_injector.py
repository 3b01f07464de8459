"""M12: an injector that breaks nothing, so that everything would hold."""

from __future__ import annotations

from chaos.experiment import Step
from chaos.mutants.exhibit import exhibit
from chaos.mutants.idle import Idle
from chaos.mutants.mutant import Mutant
from slo_reports.verdict import Status

MUTANT = Mutant(
    name="M12",
    title="An injector that does nothing",
    why="A fault that never happened is survived by everybody.",
    expected=("I17",),
    experiment=exhibit(
        name="nothing-happens",
        fault="F09",
        title="A fault that is announced and does not come",
        steps=lambda _: [Step(injector=Idle(), at_share=0.3, hold_s=1.0)],
        also=("I17",),
    ),
    turns=Status.UNKNOWN,
)
