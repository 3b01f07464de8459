"""The experiments in which mutants are shown: short, and patient with a busy machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos.experiment import Expected, Experiment, Rank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chaos.experiment import Step
    from chaos.scene import Scene

USERS: Final = 600
CORRECT: Final = ("I1", "I2", "I3", "I5", "I6", "I8", "I9", "I11", "I13", "I14")
"""Rules that no busy machine can break."""
PATIENT: Final = Expected(indeterminate=USERS, first_accept_s=30.0, full_rate_s=None, bunched_mails=10)


def exhibit(
    *,
    name: str,
    fault: str,
    title: str,
    steps: Callable[[Scene], Sequence[Step]],
    also: tuple[str, ...] = (),
    expected: Expected = PATIENT,
    ended_within_s: float = 90.0,
) -> Experiment:
    """An experiment that the product must pass, and the mutant must not; `also` names rules beside CORRECT."""
    return Experiment(
        name=name,
        fault=fault,
        rank=Rank.P0,
        title=title,
        loses="What the rules protect that the mutant breaks.",
        why="Shows that the rules can turn red.",
        notices="Nothing.",
        dependency="our processes",
        trouble="none",
        steps=steps,
        users=USERS,
        ended_within_s=ended_within_s,
        invariants=(*CORRECT, *also),
        expected=expected,
    )


CALM: Final = exhibit(name="calm", fault="F00", title="No fault", steps=lambda _: [])
"""Enough for mistakes that are made with every mail."""
