"""Tells whether a webhook post was signed by the provider, recently, over exactly these bytes."""

from __future__ import annotations

import base64
import binascii
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sendgrid.helpers.eventwebhook import EventWebhook

from system.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

CLOCK_SKEW_S = 300.0
"""How far the provider's clock may be ahead of ours."""

_UNIX_SECONDS = re.compile(r"[0-9]{1,11}")
_LONGEST_SIGNATURE = 128  # base64 of a DER signature on P-256 is 96 characters at most


class Verdict(StrEnum):
    """What a post turned out to be; everything but AUTHENTIC changes nothing."""

    AUTHENTIC = "authentic"
    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    STALE = "stale"
    FORGED = "forged"


class SignatureCheck:
    """The check with all keys of the settings: during a rotation any of two may have signed."""

    def __init__(self, *, public_keys: Sequence[str], max_age_s: float) -> None:
        if not public_keys:
            raise SettingsError("webhook_public_keys is empty. Set the key that the provider shows for its webhook.")
        self._verifiers = [_verifier(key) for key in public_keys]
        self._max_age_s = max_age_s

    def judge(self, body: bytes, *, signature: str | None, timestamp: str | None, now_s: float) -> Verdict:
        """The verdict on raw bytes as they came off the wire; `now_s` in Unix seconds. Never raises."""
        if not signature or not timestamp:
            return Verdict.UNSIGNED
        text = _decoded(body)
        if text is None or not _UNIX_SECONDS.fullmatch(timestamp) or not _is_base64(signature):
            return Verdict.MALFORMED
        # The signature comes first, so that a stranger learns nothing about our clock.
        if not any(verifier.verify_signature(text, signature, timestamp) for verifier in self._verifiers):
            return Verdict.FORGED
        age_s = now_s - int(timestamp)
        return Verdict.AUTHENTIC if -CLOCK_SKEW_S <= age_s <= self._max_age_s else Verdict.STALE


def _verifier(public_key: str) -> EventWebhook:
    shown = f"{public_key[:12]}…"
    remedy = "Copy the verification key from the provider's webhook settings: one line of base64, without PEM armour."
    try:
        verifier = EventWebhook(public_key)
    except ValueError as exc:
        raise SettingsError(f"webhook_public_keys: {shown!r} is no public key. {remedy}") from exc
    key = verifier.public_key
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise SettingsError(f"webhook_public_keys: {shown!r} is no P-256 key. {remedy}")
    return verifier


def _decoded(body: bytes) -> str | None:
    # The SDK signs text; strict UTF-8 gives the very same bytes back when it encodes again.
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_base64(signature: str) -> bool:
    if len(signature) > _LONGEST_SIGNATURE:
        return False
    try:
        base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
