"""Addresses as keyed hashes, so that a run folder can join them without holding any."""

from __future__ import annotations

import hashlib
import secrets


class Pseudonyms:
    """Equal addresses stay equal, and nobody can tell them, since the key is forgotten with this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def __call__(self, address: str | None) -> str | None:
        """16 hex digits; None for no address."""
        if not address:
            return None
        return hashlib.blake2b(address.strip().lower().encode(), key=self._key, digest_size=8).hexdigest()
