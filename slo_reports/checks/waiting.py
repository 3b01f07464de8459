"""What the provider received although a 429 had just asked for a pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.run_folder import LEDGER

if TYPE_CHECKING:
    from slo_reports.tables import Run

ON_THEIR_WAY_S: Final = 1.5
"""A permit is given half a second ahead; mails that had theirs before the 429 was read may still leave."""
RETRY_AFTER_MAX_S: Final = 900.0
"""What the setting is when a run does not record it; a longer pause is not believed."""

_EARLY: Final = """
SELECT l.seq, min(l.received_at - asked.received_at) AS after_s, max(asked.ends_at - asked.received_at) AS pause_s
FROM ledger l JOIN (
    SELECT received_at, least(retry_at, received_at + $1) AS ends_at
    FROM ledger WHERE kind = 'rejected' AND retry_at IS NOT NULL
) asked ON l.received_at > asked.received_at + $2 AND l.received_at < asked.ends_at
WHERE l.kind IN ('accepted', 'rejected')
GROUP BY l.seq ORDER BY l.seq
"""


def early_mails(run: Run) -> list[str]:
    """One line for each mail that came in a pause that a 429 had asked for, without those on their way already."""
    longest_s = run.setting("retry_after_max_s", default=RETRY_AFTER_MAX_S)
    return [
        f"mail {seq} came {after_s:.1f} s after a 429 that had asked to wait {pause_s:.1f} s"
        for seq, after_s, pause_s in run.rows(_EARLY, [longest_s, ON_THEIR_WAY_S], uses=(LEDGER,))
    ]
