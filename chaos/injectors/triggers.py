"""F14: the week's campaign is asked for again and again, while it is dispatched and while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from celery import Celery

from chaos.injectors.broker import connect

QUEUE = "orchestrator"
TASK = "orchestrator.start_weekly_campaign"


@dataclass(kw_only=True)
class Triggered:
    """So many more orders to start the campaign of a week, as from two beats and an impatient operator."""

    redis_url: str
    newsletter: str
    week_key: str
    times: int = 10
    fault: str = "F14"
    name: ClassVar[str] = "campaign:triggered-again"
    evidence: ClassVar[str] = "the further orders taken from their queue"
    _done: bool = False

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "triggers", "what": f"{self.times} more orders to start {self.week_key}"}

    def inject(self) -> None:
        """Order it."""
        with Celery(broker=self.redis_url, set_as_current=False) as app:
            for _ in range(self.times):
                app.send_task(TASK, args=(self.newsletter, self.week_key), queue=QUEUE)
        self._done = True

    def look(self) -> bool:
        """Whether nobody has them before him any more."""
        if not self._done:
            return False
        with connect(self.redis_url) as client:
            return bool(client.llen(QUEUE) == 0)

    def heal(self) -> None:
        """Nothing to mend: an order that is too many must not matter."""
        self._done = False
