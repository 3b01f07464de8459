"""F13: somebody without the provider's key, or with an old post of it, posts to the webhook as long as it lasts."""

from __future__ import annotations

import http.client
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final

from loadtests.webhook.attacks import KINDS, REPLAYED, Attacks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loadtests.webhook.posts import Post, Signer
    from loadtests.webhook.targets import Target

TIMEOUT_S: Final = 10.0
INVENTED: Final = tuple(kind for kind in KINDS if kind != REPLAYED)
"""A replay needs an authentic post that was taken in; the Locust load has those, and replays them."""


@dataclass(kw_only=True)
class WebhookAttack:
    """Posts one attack of each kind in turn, from a thread."""

    url: str
    """Of the webhook, path included."""
    signer: Signer
    """The provider's, for posts that are tampered with or grow stale after they were signed."""
    victims: Callable[[], Sequence[Target]]
    """Asked once, when the attack begins."""
    max_bytes: int
    max_age_s: float
    seed: int
    every_s: float = 0.05
    record: Callable[[dict[str, Any]], None] = lambda _: None
    """Hears of every post as the run folder keeps requests, so that the judge can look for its traces."""
    fault: str = "F13"
    name: ClassVar[str] = "webhook:attack"
    evidence: ClassVar[str] = "attacks of every kind that were answered"
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often each kind got which status; 0 is no answer."""
    false_ids: list[str] = field(default_factory=list)
    """Ids of all invented events: none of them may ever be found in the database."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "webhook_attack", "what": f"{', '.join(INVENTED)} posts, one every {self.every_s:g} s"}

    def inject(self) -> None:
        """Begin."""
        self.heal()
        self._stop.clear()
        self._thread = threading.Thread(target=self._attack, name="webhook-attack", daemon=True)
        self._thread.start()

    def look(self) -> bool:
        """Whether it goes on, and every kind has been answered."""
        answered = {kind for kind, status in self.answers if status}
        return self._thread is not None and answered.issuperset(INVENTED)

    def taken_in(self) -> int:
        """Attacks that were answered with 2xx; each of them is a hole."""
        return sum(
            n for (_, status), n in self.answers.items() if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        )

    def heal(self) -> None:
        """Stop; what was counted stays."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _attack(self) -> None:
        victims = self.victims()
        attacks = Attacks(
            signer=self.signer,
            victims=lambda: victims,
            rng=random.Random(self.seed),  # noqa: S311  # an attack that can be repeated
            max_bytes=self.max_bytes,
            max_age_s=self.max_age_s,
        )
        turn = 0
        while not self._stop.wait(self.every_s):
            kind = INVENTED[turn % len(INVENTED)]
            post = attacks.make(kind, at_s=time.time())
            self.false_ids += post.event_ids
            sent_at = time.time()
            status = self._post(post)
            self.answers[kind, status] += 1
            self.record(_as_request(post, n=turn, kind=kind, sent_at=sent_at, status=status))
            turn += 1

    def _post(self, post: Post) -> int:
        request = urllib.request.Request(self.url, data=post.body, headers=post.headers)  # noqa: S310  # our own webhook
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310  # same
                return int(response.status)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code
        except (OSError, http.client.HTTPException):
            return 0


def _as_request(post: Post, *, n: int, kind: str, sent_at: float, status: int) -> dict[str, Any]:
    return {
        "n": n,
        "user": kind,
        "stage": "attack",
        "intended_at": sent_at,
        "sent_at": sent_at,
        "done_at": time.time(),
        "status": status,
        "events": post.events,
        "bytes": len(post.body),
        "digest": post.digest,
        "event_ids": list(post.event_ids),
        "error": None if status else "no answer",
        "dropped": False,
    }
