"""What becomes of mails, event by event: processed before delivered, opens and clicks afterwards.

new mail ─▶ processed ─▶ (deferred …) ─▶ delivered ─▶ opens and clicks, again and again
                 └▶ bounce   └▶ dropped instead of processed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loadtests.webhook.event_fields import show_event

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from loadtests.webhook.targets import Target

AT_A_TIME: Final = 200
"""How many mails are on their way at once: a post tells of many, and a mail's events lie in several posts."""

NEWS_SHARE: Final = 0.5
"""Events about the delivery of new mails; the others are opens and clicks of delivered ones. When all mails
have arrived, only opens and clicks are left, as on the days after a campaign."""

CLICK_SHARE: Final = 0.15
_FATES: Final[dict[tuple[str, ...], float]] = {
    ("processed", "delivered"): 0.9677,
    ("processed", "deferred", "delivered"): 0.02,
    ("processed", "bounce"): 0.008,
    ("processed", "blocked"): 0.003,
    ("dropped",): 0.001,
    ("processed", "delivered", "spamreport"): 0.0003,
}


class Stories:
    """An endless supply of events that fit together."""

    def __init__(self, targets: Sequence[Target], *, rng: random.Random) -> None:
        self._rng = rng
        self._all = targets
        self._fresh = iter(targets)
        self._under_way: list[tuple[Target, list[str]]] = []
        self._arrived: list[Target] = []
        self._turn = 0
        while len(self._under_way) < AT_A_TIME and self._begin_one():
            pass

    def next_events(self, count: int, *, at_s: float) -> list[bytes]:
        """The next events as JSON."""
        return [self._next(at_s) for _ in range(count)]

    def _next(self, at_s: float) -> bytes:
        if self._under_way and (not self._arrived or self._rng.random() < NEWS_SHARE):
            return self._tell_news(at_s)
        return self._tell_engagement(at_s)

    def _tell_news(self, at_s: float) -> bytes:
        at = self._rng.randrange(len(self._under_way))
        target, steps = self._under_way[at]
        kind = steps.pop(0)
        if kind == "delivered":
            self._arrived.append(target)
        if not steps:
            self._under_way[at] = self._under_way[-1]
            self._under_way.pop()
            self._begin_one()
        return show_event(kind, target, at_s=at_s)

    def _tell_engagement(self, at_s: float) -> bytes:
        # In turn and not at random: two opens of one mail in one second would be the same event to a receiver.
        readers = self._arrived or self._all
        self._turn = (self._turn + 1) % len(readers)
        kind = "click" if self._rng.random() < CLICK_SHARE else "open"
        return show_event(kind, readers[self._turn], at_s=at_s)

    def _begin_one(self) -> bool:
        target = next(self._fresh, None)
        if target is not None:
            fate = self._rng.choices(list(_FATES), weights=list(_FATES.values()))[0]
            self._under_way.append((target, list(fate)))
        return target is not None
