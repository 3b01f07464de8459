"""Makes the post of every arrival: true events of the targets, or an attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.webhook.arrivals import PROVIDER
from loadtests.webhook.attacks import Attacks
from loadtests.webhook.batch_sizes import draw_sizes
from loadtests.webhook.posts import Post, Signer, join_events
from loadtests.webhook.stories import Stories
from loadtests.webhook.targets import read_targets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loadtests.webhook.arrivals import Arrival, Share
    from loadtests.webhook.targets import Target


class Traffic:
    """What one process sends."""

    def __init__(
        self,
        *,
        share: Share,
        signer: Signer,
        targets: Sequence[Target],
        live_targets: Path | None,
        max_bytes: int,
        max_age_s: float,
    ) -> None:
        self._signer = signer
        self._sizes = draw_sizes(share.rng("sizes"))
        # Each process tells of mails of its own, or two would tell of the same delivery.
        self._stories = Stories(targets[share.index :: share.of] or targets, rng=share.rng("stories"))
        self._past = targets
        self._live_path = live_targets
        self._live: Sequence[Target] = ()
        self.attacks = Attacks(
            signer=signer, victims=self._victims, rng=share.rng("attacks"), max_bytes=max_bytes, max_age_s=max_age_s
        )

    def make(self, arrival: Arrival, *, at_s: float) -> Post:
        """The post of one arrival, signed at a Unix time."""
        if arrival.user != PROVIDER:
            return self.attacks.make(arrival.user, at_s=at_s)
        events = self._stories.next_events(next(self._sizes), at_s=at_s)
        body = join_events(events)
        return Post(user=PROVIDER, body=body, headers=self._signer.headers(body, at_s=at_s), events=len(events))

    def _victims(self) -> Sequence[Target]:
        # The running campaign's mails are known only after some were sent: the file may appear later.
        if not self._live and self._live_path is not None and self._live_path.exists():
            self._live = read_targets(self._live_path)
        return self._live or self._past
