"""How a run was scaled, and what it may and may not claim because of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.numbers import counted, duration, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADLINE_USERS: Final = 100_000
HEADLINE_OUTAGE_S: Final = 600

_ANY_CLAIMS: Final = (
    "every invariant, at this size",
    "rates and latencies, which were real",
    "recovery in multiples of the outage",
)
_HEADLINES: Final = (
    f"that {HEADLINE_USERS:,} users are done within 2 hours",
    "that a provider outage of 10 minutes is survived without an operator",
)


def mode_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`kind`, `compression`, the sizes, the line that is printed, and both lists of claims."""
    mode = facts.get("mode") or {}
    kind = mode.get("kind") or "unknown"
    claims, no_claims = _claims(mode)
    return {
        "kind": kind,
        "compression": mode.get("compression"),
        "users": mode.get("users"),
        "outage_s": mode.get("outage_s"),
        "deadline_s": mode.get("deadline_s"),
        "label": _label(kind, mode.get("compression")),
        "size": _size(mode),
        "claims": claims,
        "no_claims": no_claims,
    }


def _label(kind: str, compression: float | None) -> str:
    if kind == "full":
        return "FULL k = 1"
    if kind == "compressed":
        return f"COMPRESSED k = {plain(compression)}" if compression else "COMPRESSED"
    return "MODE NOT RECORDED"


def _size(mode: Mapping[str, Any]) -> str:
    parts = []
    if mode.get("users") is not None:
        parts.append(counted(mode["users"], "user"))
    if mode.get("outage_s") is not None:
        parts.append(f"outage of {duration(mode['outage_s'])}" if mode["outage_s"] else "no outage")
    if mode.get("deadline_s") is not None:
        parts.append(f"deadline {duration(mode['deadline_s'])}")
    return ", ".join(parts)


def _claims(mode: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The headlines belong to a full run of the full size, and each to its own half of it."""
    if not mode.get("kind"):
        return [], [*_HEADLINES]
    real = mode["kind"] == "full"
    earned = (
        real and (mode.get("users") or 0) >= HEADLINE_USERS,
        real and (mode.get("outage_s") or 0) >= HEADLINE_OUTAGE_S,
    )
    claims = [headline for headline, is_earned in zip(_HEADLINES, earned, strict=True) if is_earned]
    no_claims = [headline for headline, is_earned in zip(_HEADLINES, earned, strict=True) if not is_earned]
    return [*claims, *(_ANY_CLAIMS if not real else _ANY_CLAIMS[:2])], no_claims
