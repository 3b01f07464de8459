"""How models, metrics and numbers are named and written for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from system.recommender.evaluation.baselines import Baseline
from system.recommender.evaluation.comparison import MODEL
from system.recommender.evaluation.metrics import Metric
from system.recommender.evaluation.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final[dict[str, str]] = {
    MODEL: "this model",
    Baseline.POPULAR_14D: "popular, last 14 days",
    Baseline.COSINE: "plain cosine",
    Baseline.POPULAR: "popular, ever",
    Baseline.FREQUENCY: "what they bought most",
    Baseline.FREQUENCY_90D: "bought most, 90-day decay",
}
METRICS: Final[dict[str, str]] = {Metric.NDCG: "NDCG@5", Metric.RECALL: "Recall@5", Metric.HIT_RATE: "HitRate@5"}
COLOURS: Final[dict[str, str]] = {
    MODEL: "s1",
    Baseline.POPULAR_14D: "s2",
    Baseline.COSINE: "s3",
    Baseline.POPULAR: "s7",
    Baseline.FREQUENCY: "s4",
    Baseline.FREQUENCY_90D: "s5",
}
DASH: Final = "\N{EN DASH}"
MINUS: Final = "\N{MINUS SIGN}"
_OUTCOMES: Final = {
    Outcome.BETTER: "Better than recently popular products, beyond noise.",
    Outcome.UNCLEAR: "Not told apart from recently popular products by these purchases.",
    Outcome.WORSE: "Worse than recently popular products, beyond noise: it must not be mailed.",
}


def headline(report: Mapping[str, Any]) -> str:
    """The verdict: how many times as good, or that it is not."""
    outcome, ratios = Outcome(report["verdict"]["outcome"]), report["modes"]["new_only"]["ratios"]
    times = {name: (ratios.get(name) or {}).get(Metric.NDCG) for name in (Baseline.COSINE, Baseline.POPULAR_14D)}
    if outcome is not Outcome.BETTER or None in times.values():
        return _OUTCOMES[outcome]
    cosine, popular = (f"{ratio['value']:.1f}" for ratio in times.values() if ratio)
    return f"{cosine} times as good as plain cosine, {popular} times as good as recently popular products"


def targets_met(report: Mapping[str, Any]) -> str:
    """How many of the targets, in a sentence."""
    targets = report["verdict"]["targets"]
    met = sum(target["met"] for target in targets)
    return (
        f"All {len(targets)} targets are met." if met == len(targets) else f"{met} of {len(targets)} targets are met."
    )


def score(value: float | None) -> str:
    """Four digits after the point, which is finer than any interval here."""
    return DASH if value is None else _signed(f"{abs(value):.4f}", value)


def percent(share: float | None) -> str:
    """A share of one with as many digits as it deserves."""
    if share is None:
        return DASH
    return f"{100 * share:.{0 if abs(share) >= 0.1 else 1}f} %"  # noqa: PLR2004  # two digits either way


def plain(value: float | None, digits: int = 1) -> str:
    """A number with so many digits after the point."""
    return DASH if value is None else _signed(f"{abs(value):,.{digits}f}", value)


def span(interval: Mapping[str, float] | None, digits: int = 4) -> str:
    """From low to high."""
    return DASH if interval is None else f"{plain(interval['low'], digits)} to {plain(interval['high'], digits)}"


def facts(entries: Mapping[str, Any], *, of: str = "") -> list[tuple[str, str]]:
    """Hyper-parameters by name, one that has parts by the names of its parts."""
    found: list[tuple[str, str]] = []
    for name, value in entries.items():
        spoken = f"{of}{name}".replace("_", " ")
        if isinstance(value, dict):
            found += facts(value, of=f"{name.removesuffix('s')} of ")
        else:
            found.append((spoken, "none" if value is None else f"{value:g}"))
    return found


def is_clear(difference: Mapping[str, float] | None) -> bool:
    """Whether the interval leaves 0 out."""
    return difference is not None and (difference["low"] > 0 or difference["high"] < 0)


def _signed(text: str, value: float) -> str:
    return f"{MINUS}{text}" if value < 0 else text
