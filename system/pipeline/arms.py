"""Which of two models a person gets while a newsletter tries a challenger: decided by a hash, so that it stays so."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, kw_only=True)
class Arms:
    """The models of one campaign; without a challenger everybody gets `model`."""

    model: str
    challenger: str | None = None
    share: float = 0.0
    salt: str = ""

    def version_for(self, user_id: int) -> str:
        """The version a person is mailed: the same one in every week of the same trial."""
        if self.challenger is None or position(user_id, salt=self.salt) >= self.share:
            return self.model
        return self.challenger


def trial_salt(*, newsletter_id: int, challenger: str) -> str:
    """One trial is one challenger in one newsletter: a larger share keeps everybody who is in it already."""
    return f"{newsletter_id}/{challenger}"


def position(user_id: int, *, salt: str) -> float:
    """Where a person stands between 0 and 1; evenly spread, and independent from one salt to another."""
    digest = blake2b(f"{salt}/{user_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53
