"""Unsubscribe links that only we can make: they name a user and a campaign, and no address."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, Signer

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants no more mail, and which campaign's mail they answered."""

    user_id: int
    campaign_id: int


class UnsubscribeLinks:
    """Makes and reads the links; the first key signs, all verify, so that keys can be rotated."""

    def __init__(self, *, keys: Sequence[str], public_url: str) -> None:
        # The library signs with the last key of its list.
        self._signer = Signer(
            list(reversed(keys)),
            salt="steadypost.unsubscribe",
            digest_method=hashlib.sha256,
            key_derivation="hmac",
        )
        self._prefix = f"{public_url.rstrip('/')}/u/"

    def url(self, *, user_id: int, campaign_id: int) -> str:
        """The link for one mail, the same every time."""
        return self._prefix + self._signer.sign(f"{user_id}.{campaign_id}").decode("ascii")

    def read(self, token: str) -> Subscription | None:
        """What the token names, or None when we never made it."""
        if not _TOKEN.fullmatch(token):
            return None
        try:
            user_id, campaign_id = self._signer.unsign(token).split(b".")
        except BadSignature:
            return None
        return Subscription(user_id=int(user_id), campaign_id=int(campaign_id))
