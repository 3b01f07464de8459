"""F00: nothing goes wrong; what every other experiment is compared with."""

from __future__ import annotations

from chaos.experiment import SAFE, Experiment, Rank

EXPERIMENTS = (
    Experiment(
        name="control",
        fault="F00",
        rank=Rank.P0,
        title="No fault",
        loses="Everything: a campaign that is not disturbed would not come out right.",
        why="The differences between this run and another of the same seed and size are what a fault costs.",
        notices="Nothing.",
        dependency="operator",
        trouble="none",
        steps=lambda _: [],
        # I15 compares with the time before a fault.
        invariants=tuple(number for number in SAFE if number != "I15"),
    ),
)
