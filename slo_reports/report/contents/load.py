"""The webhook load: what was offered, sent, dropped and answered, and how late the generator itself was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slo_reports import run_folder

if TYPE_CHECKING:
    from slo_reports.tables import Run


def load_of(run: Run) -> dict[str, Any]:
    """Totals of the provider's own posts, then every stage and every kind of attack."""
    offered, sent, dropped, failed, events, lag_ms = run.one(
        "SELECT count(*), count(sent_at), count(*) FILTER (dropped), "
        "count(*) FILTER (coalesce(dropped, false) OR status < 200 OR status >= 300), "
        "coalesce(sum(events), 0)::BIGINT, quantile_disc((sent_at - intended_at) * 1000, 0.99) "
        "FROM requests WHERE \"user\" = 'provider'",
        uses=[run_folder.REQUESTS],
    )
    recorded = run.facts.get("load") or {}
    return {
        "events_per_s": recorded.get("events_per_s"),
        "seed": recorded.get("seed"),
        "offered": offered,
        "sent": sent,
        "dropped": dropped,
        "failed": failed,
        "events": events,
        "scheduler_lag_p99_ms": None if lag_ms is None else round(lag_ms, 3),
        "stages": _stages(run),
        "attacks": _attacks(run),
    }


def _stages(run: Run) -> list[dict[str, Any]]:
    rows = run.rows(
        "SELECT stage, count(*), coalesce(sum(events), 0)::BIGINT, count(*) FILTER (dropped), "
        "max(intended_at) - min(intended_at), "
        "quantile_disc((done_at - intended_at) * 1000, [0.5, 0.99]) FILTER (status > 0) "
        "FROM requests WHERE \"user\" = 'provider' GROUP BY stage ORDER BY min(intended_at)",
        uses=[run_folder.REQUESTS],
    )
    return [
        {
            "name": stage or "unnamed",
            "posts": posts,
            "events": events,
            "dropped": dropped,
            "seconds": round(seconds or 0.0, 1),
            "p50_ms": _rounded(quantiles, 0),
            "p99_ms": _rounded(quantiles, 1),
        }
        for stage, posts, events, dropped, seconds, quantiles in rows
    ]


def _attacks(run: Run) -> list[dict[str, Any]]:
    rows = run.rows(
        'SELECT "user", count(*) AS posts, count(*) FILTER (status BETWEEN 400 AND 499), '
        "count(*) FILTER (status BETWEEN 200 AND 299), count(*) FILTER (status NOT BETWEEN 200 AND 299 "
        "AND status NOT BETWEEN 400 AND 499) FROM requests WHERE \"user\" <> 'provider' GROUP BY ALL ORDER BY 1",
        uses=[run_folder.REQUESTS],
    )
    return [
        {"name": name, "posts": posts, "refused": refused, "taken": taken, "other": other}
        for name, posts, refused, taken, other in rows
    ]


def _rounded(quantiles: list[float] | None, place: int) -> float | None:
    return None if not quantiles or quantiles[place] is None else round(quantiles[place], 2)
