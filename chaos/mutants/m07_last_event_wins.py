"""M7: a job stands where its last event says, not where all of them together do."""

from __future__ import annotations

from chaos.mutants.exhibit import CALM
from chaos.mutants.mutant import Change, Mutant

MUTANT = Mutant(
    name="M7",
    title="The last event wins",
    why="It is the natural way to write it, and right as long as events come in order and once.",
    expected=("I5", "I6"),
    experiment=CALM,
    changes=(
        Change(
            file="storage/evidence.py",
            old="ORDER BY e.job_id, m.rank DESC, e.happened_at, e.sg_event_id",
            new="ORDER BY e.job_id, e.received_at DESC, e.inbox_id DESC, e.sg_event_id",
        ),
        Change(
            file="storage/evidence.py",
            old="JOIN edges ON edges.source = j.status AND edges.happening = p.proof",
            new=(
                "JOIN (SELECT DISTINCT happening, target FROM edges) AS edges\n"
                "              ON edges.happening = p.proof AND edges.target != j.status"
            ),
        ),
    ),
    programs=("worker-tracking",),
)
