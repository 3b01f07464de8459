"""Mails, keys and a check for tests of the webhook load."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loadtests.webhook.posts import Signer
from loadtests.webhook.targets import Target
from system.mail.signature import SignatureCheck

KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = Signer(KEY)
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
CHECK = SignatureCheck(public_keys=[PUBLIC_KEY], max_age_s=90_000)
NOW_S = 1_795_000_000.0
TARGETS = [
    Target(
        campaign_id=1,
        week_key="2026-W46",
        newsletter="weekly-recos",
        user_id=user_id,
        job_id=user_id + 1_000,
        attempt_id=f"00000000-0000-0000-0000-{user_id:012d}",
        content_hash="c" * 32,
        message_id=f"message-{user_id:014d}",
    )
    for user_id in range(1, 501)
]
