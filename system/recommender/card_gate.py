"""The gate before activation: a model that is worse than a plain list of popular products is not mailed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BASELINE: Final = "popular_14d"
MEASURE: Final = "ndcg_at_5"


def refusal(card: Mapping[str, Any]) -> str | None:
    """Why the model of a card must not be activated, or None.

    Worse beyond noise: the paired 95 % interval of its NDCG@5 minus the baseline's lies below zero as a whole.
    A card without metrics (too few orders to evaluate) is let pass; one with metrics but without this
    comparison is not, since nobody knows.
    """
    if card.get("metrics") is None:
        return None
    try:
        difference = card["metrics"]["differences"][BASELINE][MEASURE]
        value, low, high = (float(difference[key]) for key in ("value", "low", "high"))
    except (KeyError, TypeError, ValueError):
        return f"its card has metrics, and no comparison with {BASELINE} by {MEASURE}"
    if high < 0:
        return (
            f"its NDCG@5 is {-value:.4f} below that of {BASELINE}, beyond noise (95 % interval {low:.4f} to {high:.4f})"
        )
    return None if low <= value <= high else f"its comparison with {BASELINE} is no interval: {low}, {value}, {high}"


def ndcg_beside_baseline(card: Mapping[str, Any]) -> str:
    """NDCG@5 of model and baseline for a table, such as `0.0512 / 0.0298`; a dash where the card has none."""
    try:
        measured = card["metrics"]["models"]
        names = [name for name in measured if name not in {BASELINE, "cosine"}]
        own = measured["model" if "model" in measured else names[0]][MEASURE]["value"]
        return f"{own:.4f} / {measured[BASELINE][MEASURE]['value']:.4f}"
    except (KeyError, TypeError, IndexError, ValueError):
        return "-"
