"""The main numbers of a run: what the history remembers, and what two runs are compared by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from slo_reports import run_folder
from slo_reports.run_folder import UnreadableRunError
from slo_reports.samples import Percentile, Ratio, Share, Single

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slo_reports.samples import Sample
    from slo_reports.tables import Run

FULL_RATE: Final = 0.95
HARNESS: Final = ("fake_sendgrid", "locust", "supervisord", "toxiproxy")
"""Programs whose CPU is not the system's."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One number of a run, and how much of a change matters."""

    name: str
    unit: str
    better: Literal["higher", "lower"]
    matters: float
    """A change below this is no change, in the quantity's unit, or as a share of the baseline if `relative`."""
    relative: bool = False
    read: Callable[[Run], Sample]


def numbers(run: Run) -> dict[str, float]:
    """Every quantity that the run holds, rounded; what it does not hold is left out."""
    found = {quantity.name: sample_of(quantity, run) for quantity in QUANTITIES}
    return {
        name: round(sample.value, 6)
        for name, sample in found.items()
        if sample is not None and math.isfinite(sample.value)
    }


def sample_of(quantity: Quantity, run: Run) -> Sample | None:
    """None when the run does not hold it, or holds it damaged."""
    try:
        sample = quantity.read(run)
    except UnreadableRunError:
        return None
    return None if math.isnan(sample.value) else sample


def _mails_per_s(run: Run) -> Ratio:
    """Whole seconds in which mails could be accepted: between the first and the last, outside of outages."""
    rows = _rows(
        run,
        """
        WITH mail AS (SELECT floor(received_at) AS second, count(*) AS mails FROM ledger
                      WHERE kind = 'accepted' GROUP BY 1),
        fault AS (SELECT "at" AS from_at, coalesce((
                      SELECT min(h."at") FROM history h WHERE h.f = 'heal' AND h.type = 'ok' AND h."at" > i."at"),
                      1e18) AS to_at
                  FROM history i WHERE f = 'inject' AND type = 'ok')
        SELECT coalesce(mails, 0)
        FROM (SELECT unnest(range((SELECT min(second) + 1 FROM mail)::BIGINT,
                                  (SELECT max(second) FROM mail)::BIGINT)) AS second)
        LEFT JOIN mail USING (second)
        WHERE NOT EXISTS (SELECT 1 FROM fault WHERE second + 1 > from_at AND second < to_at + 5)
        ORDER BY second
        """,
        uses=(run_folder.LEDGER, run_folder.HISTORY),
    )
    mails = _column(rows)
    return Ratio(mails, np.ones(len(mails)))


def _use_of_the_limit(run: Run) -> Ratio:
    rate = _mails_per_s(run)
    return Ratio(rate.numerators / float(run.fact("campaign", "mails_per_s")), rate.denominators)


def _first_accept_s(run: Run) -> Single:
    ((seconds,),) = _rows(
        run,
        """
        SELECT max((SELECT min(received_at) FROM ledger WHERE kind = 'accepted' AND received_at >= h."at") - h."at")
        FROM history h WHERE h.f = 'heal' AND h.type = 'ok'
        """,
        uses=(run_folder.LEDGER, run_folder.HISTORY),
    )
    return Single(_or_nan(seconds))


def _full_rate_s(run: Run) -> Single:
    """Seconds from the healing to the start of the first rolling second with 95 % of the limit."""
    ((seconds,),) = _rows(
        run,
        """
        WITH mail AS (
            SELECT received_at, count(*) OVER (
                ORDER BY received_at RANGE BETWEEN CURRENT ROW AND 0.999999 FOLLOWING) AS mails
            FROM ledger WHERE kind = 'accepted')
        SELECT max((SELECT min(received_at) FROM mail WHERE mails >= ? AND received_at >= h."at") - h."at")
        FROM history h WHERE h.f = 'heal' AND h.type = 'ok'
        """,
        uses=(run_folder.LEDGER, run_folder.HISTORY),
        parameters=[FULL_RATE * float(run.fact("campaign", "mails_per_s"))],
    )
    return Single(_or_nan(seconds))


def _response_ms(run: Run, share: float) -> Percentile:
    """Posts of the provider; one that was dropped or got no 2xx is slower than any other."""
    rows = _rows(
        run,
        """
        SELECT CASE WHEN dropped OR status NOT BETWEEN 200 AND 299 OR done_at IS NULL THEN 'Infinity'::DOUBLE
                    ELSE (done_at - intended_at) * 1000 END
        FROM requests WHERE "user" = 'provider' ORDER BY 1
        """,
        uses=(run_folder.REQUESTS,),
    )
    return Percentile(_column(rows), share)


def _freshness_p99_ms(run: Run) -> Percentile:
    """Posts, not events: the events of one post share its fate, and would feign certainty."""
    rows = _rows(
        run,
        """
        SELECT coalesce((applied_at - received_at) * 1000, 'Infinity'::DOUBLE) FROM inbox
        WHERE events_applied > 0 OR applied_at IS NULL ORDER BY 1
        """,
        uses=(run_folder.INBOX,),
    )
    return Percentile(_column(rows), 0.99)


def _failures(run: Run) -> Share:
    ((failed, total),) = _rows(
        run,
        "SELECT count(*) FILTER (status IN ('failed', 'indeterminate')), count(*) FROM jobs WHERE status <> 'skipped'",
        uses=(run_folder.JOBS,),
    )
    return Share(int(failed or 0), int(total or 0))


def _cpu_s_per_mail(run: Run) -> Ratio:
    """CPU of the system's own programs, PostgreSQL and Redis included, over the mails accepted meanwhile."""
    rows = _rows(
        run,
        """
        WITH tick AS (SELECT "at", sum(cpu_percent) / 100 AS cpu FROM processes WHERE program NOT IN ? GROUP BY 1),
        span AS (SELECT "at", cpu, "at" - lag("at") OVER (ORDER BY "at") AS seconds FROM tick),
        mail AS (SELECT received_at FROM ledger WHERE kind = 'accepted')
        SELECT cpu * seconds,
               (SELECT count(*) FROM mail WHERE received_at > "at" - seconds AND received_at <= "at")
        FROM span WHERE seconds IS NOT NULL ORDER BY "at"
        """.replace("?", str(HARNESS)),
        uses=(run_folder.PROCESSES, run_folder.LEDGER),
    )
    return Ratio(_column(rows), _column(rows, 1))


def _rows(
    run: Run, statement: str, *, uses: Sequence[str], parameters: Sequence[float] = ()
) -> list[tuple[float | None, ...]]:
    return run.rows(statement, parameters, uses=uses)


def _column(rows: Sequence[tuple[float | None, ...]], place: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([row[place] for row in rows], dtype=np.float64)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


QUANTITIES: Final = (
    Quantity(name="accept_rate", unit="mails/s", better="higher", matters=0.01, relative=True, read=_mails_per_s),
    Quantity(name="use_of_the_limit", unit="share", better="higher", matters=0.01, read=_use_of_the_limit),
    Quantity(name="first_accept_s", unit="s", better="lower", matters=1.0, read=_first_accept_s),
    Quantity(name="full_rate_s", unit="s", better="lower", matters=2.0, read=_full_rate_s),
    Quantity(name="webhook_p50_ms", unit="ms", better="lower", matters=2.0, read=lambda run: _response_ms(run, 0.5)),
    Quantity(name="webhook_p99_ms", unit="ms", better="lower", matters=10.0, read=lambda run: _response_ms(run, 0.99)),
    Quantity(name="freshness_p99_ms", unit="ms", better="lower", matters=50.0, read=_freshness_p99_ms),
    Quantity(name="failures", unit="share", better="lower", matters=0.0005, read=_failures),
    Quantity(name="cpu_s_per_mail", unit="s", better="lower", matters=0.05, relative=True, read=_cpu_s_per_mail),
)  # fmt: skip
