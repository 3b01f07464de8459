"""Posts that must change nothing: forged, tampered, stale, replayed, oversize and malformed ones."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from loadtests.webhook.event_fields import new_id, show_false_event
from loadtests.webhook.posts import SIGNATURE_HEADER, TIMESTAMP_HEADER, Post, Signer, join_events, strange_signer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from loadtests.webhook.targets import Target

REPLAYED: Final = "replayed"
KINDS: Final = ("forged", "tampered", "stale", REPLAYED, "oversize", "malformed")
_OVERDUE_S: Final = 60.0
_OVERSIZE_BYTES: Final = 1_024
_REMEMBERED: Final = 200
_JOB_ID: Final = re.compile(rb'"job_id":"(\d+)"')


class Attacks:
    """Makes one post of each kind; every false event has an id of its own, by which an applied one is found."""

    def __init__(
        self,
        *,
        signer: Signer,
        victims: Callable[[], Sequence[Target]],
        rng: random.Random,
        max_bytes: int,
        max_age_s: float,
    ) -> None:
        self._signer = signer
        self._stranger = strange_signer()
        self._victims = victims
        self._rng = rng
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._taken: deque[Post] = deque(maxlen=_REMEMBERED)
        self._kinds = {
            "forged": self._forged,
            "tampered": self._tampered,
            "stale": self._stale,
            "oversize": self._oversize,
            "malformed": self._malformed,
        }

    def remember(self, post: Post) -> None:
        """Note an authentic post that was taken in, so that it can be replayed."""
        self._taken.append(post)

    def make(self, kind: str, *, at_s: float) -> Post:
        """One attack; a replay without anything to replay is a forgery."""
        if kind == REPLAYED and self._taken:
            old = self._rng.choice(self._taken)
            # Its events are true: they are applied once, with the first post, so none of them is forbidden.
            return Post(user=REPLAYED, body=old.body, headers=old.headers, events=old.events)
        return self._kinds.get(kind, self._forged)(at_s)

    def _forged(self, at_s: float) -> Post:
        body, ids = self._false_events(at_s)
        return _post("forged", body, self._stranger.headers(body, at_s=at_s), ids)

    def _tampered(self, at_s: float) -> Post:
        body, ids = self._false_events(at_s)
        headers = self._signer.headers(body, at_s=at_s)
        return _post("tampered", _JOB_ID.sub(_other_job, body, count=1), headers, ids)

    def _stale(self, at_s: float) -> Post:
        signed_at_s = at_s - self._max_age_s - _OVERDUE_S
        body, ids = self._false_events(signed_at_s)
        return _post("stale", body, self._signer.headers(body, at_s=signed_at_s), ids)

    def _oversize(self, at_s: float) -> Post:
        body, ids = self._false_events(at_s)
        # White space before the bracket that ends the list: valid JSON, only too much of it.
        body = body.replace(b"]\r\n", b" " * (self._max_bytes + _OVERSIZE_BYTES - len(body)) + b"]\r\n")
        return _post("oversize", body, self._signer.headers(body, at_s=at_s), ids)

    def _malformed(self, at_s: float) -> Post:
        body, ids = self._false_events(at_s)
        signed = self._signer.headers(body, at_s=at_s)
        spoil = self._rng.choice((_unsigned, _undated, _no_base64, _wrong_date))
        return _post("malformed", body, spoil(signed), ids)

    def _false_events(self, at_s: float) -> tuple[bytes, tuple[str, ...]]:
        count = self._rng.randint(1, 3)
        ids = tuple(new_id() for _ in range(count))
        victims = self._rng.choices(self._victims(), k=count)
        events = [
            show_false_event(self._rng.choice(("bounce", "delivered", "dropped")), victim, at_s=at_s, event_id=event_id)
            for victim, event_id in zip(victims, ids, strict=True)
        ]
        return join_events(events), ids


def _post(kind: str, body: bytes, headers: dict[str, str], ids: tuple[str, ...]) -> Post:
    return Post(user=kind, body=body, headers=headers, events=len(ids), event_ids=ids)


def _other_job(found: re.Match[bytes]) -> bytes:
    digits = found[1]
    last = b"1" if digits[-1:] == b"0" else b"%d" % (int(digits[-1:]) - 1)
    return b'"job_id":"' + digits[:-1] + last + b'"'


def _unsigned(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in (SIGNATURE_HEADER, TIMESTAMP_HEADER)}


def _undated(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != TIMESTAMP_HEADER}


def _no_base64(headers: dict[str, str]) -> dict[str, str]:
    return headers | {SIGNATURE_HEADER: "not base64!"}


def _wrong_date(headers: dict[str, str]) -> dict[str, str]:
    return headers | {TIMESTAMP_HEADER: "yesterday"}
