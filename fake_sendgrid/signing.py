"""How event posts are signed: ECDSA P-256 over timestamp and raw body, key shown as base64 DER."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
_ALGORITHM = ec.ECDSA(hashes.SHA256())


class SigningKeyError(Exception):
    """The key file cannot be used; says which and what to do."""


def make_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def load_or_make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key in `path`, made first when the file is absent; raises SigningKeyError on any other content."""
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        return _write_key(path, make_key())
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as exc:
        raise SigningKeyError(f"{path} is no PEM private key ({exc}); remove the file to have one made") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningKeyError(f"{path} holds no P-256 key; remove the file to have one made")
    return key


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePrivateKey:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return key


def show_public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """Base64 of the DER SubjectPublicKeyInfo, without PEM armour."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sign(key: ec.EllipticCurvePrivateKey, *, timestamp: str, body: bytes) -> str:
    """The signature header's value."""
    return base64.b64encode(key.sign(timestamp.encode() + body, _ALGORITHM)).decode()


def verify(public_key: str, *, signature: str, timestamp: str, body: bytes) -> bool:
    """Whether `signature` is authentic; `public_key` as `show_public_key` prints it."""
    key = load_der_public_key(base64.b64decode(public_key))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(base64.b64decode(signature), timestamp.encode() + body, _ALGORITHM)
    except (InvalidSignature, ValueError):
        return False
    return True
