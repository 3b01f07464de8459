"""I7: only authentic events count: no attack left a trace, and a replayed post counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, unknown, zero_tolerance
from slo_reports.run_folder import EVENTS, INBOX, REQUESTS

if TYPE_CHECKING:
    from slo_reports.tables import Run

_ATTACKS: Final = """SELECT * FROM requests WHERE "user" NOT IN ('provider', 'replayed')"""

_BROKEN: Final[dict[str, str]] = {
    "taken in": f"""
        SELECT concat(a.user, ' request ', a.n) FROM ({_ATTACKS}) a SEMI JOIN inbox USING (digest)
    """,  # noqa: S608  # words of our own
    "applied": f"""
        SELECT concat(a.user, ' request ', a.n, ' event ', a.event_id)
        FROM (SELECT "user", n, unnest(event_ids) AS event_id FROM ({_ATTACKS})) a
        SEMI JOIN events e ON e.sg_event_id = a.event_id
    """,  # noqa: S608  # words of our own
    "not refused": f"""
        SELECT concat(a.user, ' request ', n, ' answered ', status) FROM ({_ATTACKS}) a
        WHERE status != 0 AND status NOT BETWEEN 400 AND 499
    """,  # noqa: S608  # words of our own
    "replays taken in again": """
        SELECT concat('digest ', r.digest, ' is ', count(i.digest), ' times in the inbox')
        FROM (SELECT digest, bool_or(status BETWEEN 200 AND 299) AS taken FROM requests
              WHERE "user" = 'replayed' GROUP BY digest) r
        LEFT JOIN inbox i ON i.digest = r.digest
        GROUP BY r.digest, r.taken HAVING count(i.digest) > 1 OR (r.taken AND count(i.digest) = 0)
    """,
    "events of no post": """
        SELECT concat('event ', e.sg_event_id, ' names inbox ', e.inbox_id)
        FROM events e ANTI JOIN inbox i ON i.inbox_id = e.inbox_id
        WHERE e.received_at <= (SELECT max(received_at) FROM inbox)
    """,
}
"""What must not be, and the statement that lists it; an event may have come after the inbox was read out."""


@invariant(
    "I7",
    "only_authentic_events_count",
    promise="Forged, tampered, stale, oversize and malformed posts are refused and change nothing; replays count once.",
    sources=(REQUESTS, INBOX, EVENTS),
)
def check_authenticity(run: Run) -> Finding:
    """Compares what the attacker sent with the inbox and the applied events."""
    uses = (REQUESTS, INBOX, EVENTS)
    kinds = run.rows(
        """SELECT "user", count(*) FROM requests WHERE "user" != 'provider' AND NOT coalesce(dropped, false)
           GROUP BY 1 ORDER BY 1""",
        uses=uses,
    )
    attacks = sum(count for _, count in kinds)
    if not attacks:
        return unknown("no attack was recorded, so nothing shows that attacks are refused")
    found = {
        what: run.rows(f"SELECT *, count(*) OVER () FROM ({statement}) LIMIT 10", uses=uses)  # noqa: S608  # statements of this file
        for what, statement in _BROKEN.items()
    }
    counts = {what: rows[0][1] for what, rows in found.items() if rows}
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds)
    wrong = "; ".join(f"{count:,} {what}" for what, count in counts.items()) or "none left a trace"
    return zero_tolerance(
        found=sum(counts.values()),
        n=attacks,
        unit="attacks that left a trace",
        says=f"{attacks:,} attacks ({listed}): {wrong}",
        evidence=[f"{what}: {row[0]}" for what, rows in found.items() for row in rows],
        stands=bool(counts.keys() & {"taken in", "applied", "not refused"}),
    )
