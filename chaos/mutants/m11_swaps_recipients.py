"""M11: two mails of a group get each other's address."""

from __future__ import annotations

from chaos.mutants.exhibit import CALM
from chaos.mutants.mutant import Change, Mutant

_LOOP = "        while jobs := self._claim(count):\n"

MUTANT = Mutant(
    name="M11",
    title="Two recipients of a group are swapped",
    why="One index that is off by one: everybody gets a mail, and every count is right.",
    expected=("I14",),
    experiment=CALM,
    changes=(
        Change(
            file="pipeline/send.py",
            old="from dataclasses import dataclass\n",
            new="from dataclasses import dataclass, replace\n",
        ),
        Change(
            file="pipeline/send.py",
            old=_LOOP,
            new=(
                f"{_LOOP}"
                "            if len(jobs) > 1:\n"
                "                one, other = jobs[:2]\n"
                "                jobs[:2] = replace(one, email=other.email), replace(other, email=one.email)\n"
            ),
        ),
    ),
    programs=("worker-emails",),
)
