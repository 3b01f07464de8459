"""Signed posts as the provider makes them: events joined by CRLF, ECDSA P-256 over timestamp and body."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from system.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIGNATURE_HEADER: Final = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER: Final = "X-Twilio-Email-Event-Webhook-Timestamp"
_ALGORITHM: Final = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request, ready to be sent."""

    user: str
    body: bytes
    headers: dict[str, str]
    events: int
    event_ids: tuple[str, ...] = ()
    """Of attacks: what must never be applied."""

    @property
    def digest(self) -> str:
        """First 16 hex digits of the SHA-256 of timestamp and body, by which the inbox knows a post."""
        timestamp = self.headers.get(TIMESTAMP_HEADER, "")
        return hashlib.sha256(timestamp.encode() + self.body).hexdigest()[:16]


class Signer:
    """Whoever holds a private key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    def headers(self, body: bytes, *, at_s: float) -> dict[str, str]:
        """The headers of a post that is signed at a Unix time."""
        timestamp = str(int(at_s))
        signature = self._key.sign(timestamp.encode() + body, _ALGORITHM)
        return plain_headers() | {
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
            TIMESTAMP_HEADER: timestamp,
        }


def plain_headers() -> dict[str, str]:
    """What every post of the provider carries, signed or not."""
    return {"Content-Type": "application/json;charset=utf-8", "User-Agent": "SendGrid Event API"}


def join_events(events: Sequence[bytes]) -> bytes:
    """The body, byte by byte as the provider signs it."""
    return b"[" + b",\r\n".join(events) + b"]\r\n"


def read_signer(path: Path) -> Signer:
    """The provider's key from a PEM file; InputError on anything else."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as exc:
        raise _no_key(path, f"is no PEM private key ({exc})") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _no_key(path, "holds no P-256 key")
    return Signer(key)


def strange_signer() -> Signer:
    """A key that nobody trusts."""
    return Signer(ec.generate_private_key(ec.SECP256R1()))


def _no_key(path: Path, problem: str) -> InputError:
    remedy = "Name the key that the fake provider signs with; a stack keeps it in its folder as signing-key.pem"
    return InputError(field="signing-key", value=str(path), problem=problem, remedy=remedy)
