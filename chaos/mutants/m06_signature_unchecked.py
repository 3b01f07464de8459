"""M6: the webhook believes everybody."""

from __future__ import annotations

from dataclasses import replace

from chaos.experiments import all_experiments
from chaos.mutants.exhibit import CORRECT, PATIENT, USERS
from chaos.mutants.mutant import Change, Mutant

MUTANT = Mutant(
    name="M6",
    title="The webhook's signature is not checked",
    why="All of its own events are signed rightly, so nothing ever looks wrong.",
    expected=("I7",),
    experiment=replace(
        all_experiments()["webhook-attacked"], users=USERS, expected=PATIENT, invariants=(*CORRECT, "I7")
    ),
    changes=(
        Change(
            file="mail/signature.py",
            old=(
                "        if not any(verifier.verify_signature(text, signature, timestamp) for verifier in "
                "self._verifiers):\n"
                "            return Verdict.FORGED\n"
            ),
            new="",
        ),
    ),
    programs=("web",),
)
