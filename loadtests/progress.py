"""The live view of a campaign: phase, progress, rate, backlog, breaker, webhook latency, time left."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from loadtests.story import Story
from loadtests.webhook.parts import LIVE

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from loadtests.sampler import Sample

ORDER: Final = (
    "pending", "ready", "claimed", "sending", "unknown", "accepted", "delivered",
    "bounced", "dropped", "skipped", "failed", "indeterminate",
)  # fmt: skip
COLOURS: Final = {
    "failed": "red",
    "indeterminate": "red",
    "unknown": "yellow",
    "delivered": "green",
    "accepted": "green",
}
IN_WORK: Final = ("pending", "ready", "claimed", "sending", "unknown")
RATE_WINDOW: Final = 5


@dataclass
class Progress:
    """The last samples; `view` draws the present."""

    folder: Path
    limit: float | None
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._story = Story(self.folder)

    def add(self, sample: Sample) -> None:
        """Take note of one more second."""
        self.samples = [*self.samples[-RATE_WINDOW:], sample]

    def mails_per_s(self) -> float:
        """Over the last few seconds."""
        if len(self.samples) < 2:  # noqa: PLR2004  # a rate needs two points
            return 0.0
        first, last = self.samples[0], self.samples[-1]
        return (last.sent - first.sent) / (last.at_s - first.at_s)

    def view(self) -> RenderableType:
        """Phase and bar, then what people ask next."""
        if not self.samples:
            return Text("waiting for the first job")
        now = self.samples[-1]
        total = sum(now.jobs.values()) or 1
        in_work = sum(now.jobs.get(state, 0) for state in IN_WORK)
        self._story.read_on()
        head = Text.assemble(
            (f"{timedelta(seconds=int(now.at_s))}  ", "dim"),
            (self._story.phase(at=now.at), "bold"),
            (f"   {total - in_work:,} of {total:,} jobs have ended", "dim"),
            (f"   {self._left(in_work, now)}", "dim"),
        )
        bar = ProgressBar(total=total, completed=total - in_work, width=72)
        return Group(head, bar, self._numbers(now, in_work), self._states(now))

    def _numbers(self, now: Sample, in_work: int) -> Table:
        table = Table.grid(padding=(0, 3))
        limit = f" of {self.limit:.0f}" if self.limit else ""
        breaker = Text(f"breaker {now.breaker}", "yellow" if now.breaker != "closed" else "")
        waiting = "  ".join(f"{name} {depth}" for name, depth in now.queues.items() if depth) or "empty"
        table.add_row(f"{self.mails_per_s():.0f}{limit} mails/s", f"backlog {in_work:,}", breaker, f"queues {waiting}")
        table.add_row(*self._webhook(), f"inbox {now.inbox_waiting}", "")
        return table

    def _webhook(self) -> tuple[str, str]:
        try:
            live: dict[str, Any] = json.loads((self.folder / LIVE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return "no webhook load", ""
        p50, p99 = live.get("p50_ms"), live.get("p99_ms")
        latency = f"webhook p50 {p50:.0f} ms, p99 {p99:.0f} ms" if p50 is not None and p99 is not None else "webhook"
        return latency, f"{live.get('events_per_s') or 0:.0f} events/s"

    def _left(self, in_work: int, now: Sample) -> str:
        if not self.limit or not in_work:
            return ""
        left_s = in_work / self.limit + self._story.outage_left_s(at=now.at)
        return f"about {timedelta(seconds=int(left_s))} left"

    def _states(self, now: Sample) -> Table:
        states = Table.grid(padding=(0, 2))
        present = [state for state in ORDER if now.jobs.get(state)]
        states.add_row(*(Text(f"{state} {now.jobs[state]:,}", COLOURS.get(state, "")) for state in present))
        return states
