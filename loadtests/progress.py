"""The live view of a campaign: where its jobs stand, how fast mails go out, what waits in the queues."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

ORDER = (
    "pending", "ready", "claimed", "sending", "unknown", "accepted", "delivered",
    "bounced", "dropped", "skipped", "failed", "indeterminate",
)  # fmt: skip
COLOURS = {"failed": "red", "indeterminate": "red", "unknown": "yellow", "delivered": "green", "accepted": "green"}
SENT = ("accepted", "delivered", "bounced", "dropped")
IN_WORK = ("pending", "ready", "claimed", "sending", "unknown")
RATE_WINDOW = 5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One second of a campaign."""

    at_s: float
    jobs: Mapping[str, int]
    queues: Mapping[str, int]

    @property
    def sent(self) -> int:
        """Jobs that the provider has accepted."""
        return sum(self.jobs.get(state, 0) for state in SENT)


@dataclass
class Progress:
    """Everything seen so far; `view` draws its present."""

    limit: float | None
    samples: list[Sample] = field(default_factory=list)

    def mails_per_s(self) -> float:
        """Over the last few seconds."""
        window = self.samples[-RATE_WINDOW - 1 :]
        if len(window) < 2:  # noqa: PLR2004  # a rate needs two points
            return 0.0
        return (window[-1].sent - window[0].sent) / (window[-1].at_s - window[0].at_s)

    def view(self) -> RenderableType:
        """Bar, states, rate and queues."""
        if not self.samples:
            return Text("waiting for the first job")
        now = self.samples[-1]
        total = sum(now.jobs.values()) or 1
        done = total - sum(now.jobs.get(state, 0) for state in IN_WORK)
        states = Table.grid(padding=(0, 2))
        states.add_row(*(Text(f"{state} {now.jobs[state]:,}", COLOURS.get(state, "")) for state in self._present(now)))
        rate = f"{self.mails_per_s():.0f} mails/s of {f'{self.limit:.0f}' if self.limit else 'no limit'}"
        queues = "  ".join(f"{name} {depth}" for name, depth in now.queues.items())
        head = Text.assemble((f"{now.at_s:5.0f} s  ", "dim"), (rate, "bold"), (f"   queues: {queues}", "dim"))
        bar = ProgressBar(total=total, completed=done, width=60)
        return Group(head, bar, Text(f"{done:,} of {total:,} jobs have ended", "dim"), states)

    @staticmethod
    def _present(sample: Sample) -> list[str]:
        return [state for state in ORDER if sample.jobs.get(state)]
