"""An optional limit of mails in any rolling second, counted over receipt times."""

from collections import deque

SECOND_NS = 1_000_000_000


class RateLimit:
    """`mails_per_s` None allows everything."""

    def __init__(self, mails_per_s: int | None) -> None:
        self._limit = mails_per_s
        self._recent: deque[tuple[int, int]] = deque()
        self._mails = 0

    def allows(self, *, mails: int, now_ns: int) -> bool:
        """Whether `mails` more fit into the second that ends now; counts them if so."""
        if self._limit is None:
            return True
        while self._recent and now_ns - self._recent[0][0] >= SECOND_NS:
            self._mails -= self._recent.popleft()[1]
        if self._mails + mails > self._limit:
            return False
        self._recent.append((now_ns, mails))
        self._mails += mails
        return True
