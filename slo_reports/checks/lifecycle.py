"""The life of a job as the specification has it: the judge's own copy, which the product's table is compared with."""

from __future__ import annotations

from typing import Final

ACCEPTANCES: Final = ("accepted", "delivered", "bounced", "dropped")
"""The provider took the mail, whatever became of it later; in the order in which evidence moves a job."""
ENDS: Final = (*ACCEPTANCES, "failed", "skipped", "indeterminate")
REASONED: Final = ("bounced", "dropped", "failed", "skipped", "indeterminate")
FAILURES: Final = ("failed", "indeterminate")
FIRST: Final = "pending"

_WORK: Final = {
    "recommended": [("pending", "ready")],
    "excluded": [("pending", "skipped"), ("ready", "skipped"), ("claimed", "skipped")],
    "claimed": [("ready", "claimed")],
    "released": [("claimed", "ready"), ("sending", "ready")],
    "claim_lapsed": [("claimed", "ready")],
    "unrenderable": [("claimed", "failed")],
    "intent": [("claimed", "sending")],
    "answer_accepted": [("sending", "accepted")],
    "answer_refused": [("sending", "ready")],
    "answer_rejected": [("sending", "failed")],
    "answer_ambiguous": [("sending", "unknown")],
    "send_lapsed": [("sending", "unknown")],
    "restored": [("pending", "unknown"), ("ready", "unknown"), ("claimed", "unknown")],
    "deadline": [("unknown", "indeterminate")],
}
_BEFORE_EVIDENCE: Final = ("ready", "claimed", "sending", "unknown")
_EVIDENCE: Final = {
    f"evidence_{proven}": [(source, proven) for source in (*_BEFORE_EVIDENCE, *ACCEPTANCES[:rank])]
    for rank, proven in enumerate(ACCEPTANCES)
}

EDGES: Final[frozenset[tuple[str, str, str]]] = frozenset(
    (source, happening, target) for happening, moves in {**_WORK, **_EVIDENCE}.items() for source, target in moves
)
"""(from, happening, to): the only steps that a job may take."""

PROOFS: Final[dict[str, str]] = {"delivered": "delivered", "bounce": "bounced", "dropped": "dropped"}
"""What an event proves; every other one proves that the mail was accepted."""


def quoted(words: tuple[str, ...]) -> str:
    """Words of this file as an SQL list."""
    return ", ".join(f"'{word}'" for word in words)
