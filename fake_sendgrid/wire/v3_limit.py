"""The request limit of endpoints other than mail/send: 600 a minute and key, told in headers on every answer."""

import time
from dataclasses import dataclass, field, replace

from fake_sendgrid.wire.reply import Reply, plain_error
from fake_sendgrid.wire.request import Request

PER_MINUTE = 600


@dataclass(slots=True)
class V3Limit:
    """Fixed minutes, as the reset header suggests."""

    _minute: int = 0
    _counts: dict[str, int] = field(default_factory=dict)

    def count(self, request: Request) -> Reply | None:
        """Count a request; a 429 when there were too many."""
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        key = request.headers.get("authorization", "")
        self._counts[key] = self._counts.get(key, 0) + 1
        return plain_error(429, "too many requests") if self._counts[key] > PER_MINUTE else None

    def label(self, request: Request, reply: Reply) -> Reply:
        """The answer with the three headers."""
        left = max(0, PER_MINUTE - self._counts.get(request.headers.get("authorization", ""), 0))
        headers = (
            ("X-RateLimit-Limit", str(PER_MINUTE)),
            ("X-RateLimit-Remaining", str(left)),
            ("X-RateLimit-Reset", str((self._minute + 1) * 60)),
        )
        return replace(reply, headers=(*reply.headers, *headers))
