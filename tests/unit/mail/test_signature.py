"""Which webhook posts count as authentic.

The two genuine posts are the ones that the provider publishes with the tests of its own libraries.
"""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from system.errors import SettingsError
from system.mail.signature import SignatureCheck, Verdict

pytestmark = pytest.mark.unit

DAY_S = 86_400.0

SINGLE_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF"
    "9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SINGLE_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
SINGLE_TIMESTAMP = "1600112502"
SINGLE_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)

BATCH_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQ4LIFtWztlsF7skFqOncjD1lun4H5w8XOhyO"
    "ArHW9RcIx/FfEzx6cikC/yPfUvwaX/JScE7Fc9CJD2afQ9Ok3Q=="
)
BATCH_SIGNATURE = "MEYCIQC/I4o6vCgqRYrTljjoVWB/GRWNtxeePlLMHr3x9ETeRQIhAIpV+03nREPTTHWSW0wIOA0EoMPdcNgXa70yCaqDJlu5"
BATCH_TIMESTAMP = "1619651159"
BATCH_BODY = (
    b'[{"email":"invalid@gmail.com","event":"processed","send_at":0,'
    b'"sg_event_id":"cHJvY2Vzc2VkLTE5OTQyMTEyLXFOd0JMZ1BRUWpXNkRKdktRd1NBYnctMA",'
    b'"sg_message_id":"qNwBLgPQQjW6DJvKQwSAbw.filterdrecv-canary-547b64655b-cw6zx-1-6089EA4A-56.0",'
    b'"smtp-id":"<qNwBLgPQQjW6DJvKQwSAbw@ismtpd0178p1mdw1.sendgrid.net>","timestamp":1619651146},\r\n'
    b'{"email":"invalid@gmail.com","event":"bounce","ip":"167.89.101.76",'
    b'"reason":"552 5.2.2 The email account that you tried to reach is over quota and inactive. Please direct the '
    b'recipient to https://support.google.com/mail/?p=OverQuotaPerm c17si1130468pgv.34 - gsmtp",'
    b'"sg_event_id":"Ym91bmNlLTAtMTk5NDIxMTItcU53QkxnUFFRalc2REp2S1F3U0Fidy0w",'
    b'"sg_message_id":"qNwBLgPQQjW6DJvKQwSAbw.filterdrecv-canary-547b64655b-cw6zx-1-6089EA4A-56.0",'
    b'"smtp-id":"<qNwBLgPQQjW6DJvKQwSAbw@ismtpd0178p1mdw1.sendgrid.net>","status":"5.2.2",'
    b'"timestamp":1619651147,"tls":1,"type":"blocked"}]\r\n'
)


def judge(
    body: bytes = SINGLE_BODY,
    *,
    signature: str | None = SINGLE_SIGNATURE,
    timestamp: str | None = SINGLE_TIMESTAMP,
    keys: tuple[str, ...] = (SINGLE_KEY,),
    now_s: float = 1600112510.0,
) -> Verdict:
    check = SignatureCheck(public_keys=keys, max_age_s=DAY_S)
    return check.judge(body, signature=signature, timestamp=timestamp, now_s=now_s)


def test_a_genuine_post_with_one_event_is_authentic() -> None:
    assert judge() is Verdict.AUTHENTIC


def test_a_genuine_post_with_two_events_is_authentic() -> None:
    verdict = judge(
        BATCH_BODY, signature=BATCH_SIGNATURE, timestamp=BATCH_TIMESTAMP, keys=(BATCH_KEY,), now_s=1619651160.0
    )

    assert verdict is Verdict.AUTHENTIC


def test_any_key_of_a_rotation_may_have_signed() -> None:
    assert judge(keys=(BATCH_KEY, SINGLE_KEY)) is Verdict.AUTHENTIC
    assert judge(keys=(SINGLE_KEY, BATCH_KEY)) is Verdict.AUTHENTIC


def test_a_post_that_another_key_signed_is_forged() -> None:
    assert judge(keys=(BATCH_KEY,)) is Verdict.FORGED


def test_the_bytes_are_checked_exactly_as_they_came() -> None:
    reformatted = json.dumps(json.loads(SINGLE_BODY)).encode()

    assert judge(SINGLE_BODY.rstrip(b"\r\n")) is Verdict.FORGED
    assert judge(reformatted) is Verdict.FORGED
    assert judge(b"\xef\xbb\xbf" + SINGLE_BODY) is Verdict.FORGED


def test_a_changed_timestamp_is_forged() -> None:
    assert judge(timestamp="1600112503") is Verdict.FORGED


def test_a_post_older_than_the_window_is_stale() -> None:
    assert judge(now_s=1600112502.0 + DAY_S) is Verdict.AUTHENTIC
    assert judge(now_s=1600112502.0 + DAY_S + 1) is Verdict.STALE


def test_a_post_from_the_future_is_stale() -> None:
    assert judge(now_s=1600112502.0 - 300) is Verdict.AUTHENTIC
    assert judge(now_s=1600112502.0 - 301) is Verdict.STALE


def test_a_forger_learns_nothing_about_the_window() -> None:
    assert judge(b"[]", now_s=1.0) is Verdict.FORGED


@pytest.mark.parametrize("missing", ["signature", "timestamp"])
def test_a_post_without_a_header_is_unsigned(missing: str) -> None:
    assert judge(**{missing: None}) is Verdict.UNSIGNED  # type: ignore[arg-type]  # the name decides the type
    assert judge(**{missing: ""}) is Verdict.UNSIGNED  # type: ignore[arg-type]  # same


@pytest.mark.parametrize(
    "timestamp", ["timestamp", "-1600112502", "1600112502.0", " 1600112502", "\uff11\uff16", "9" * 40]
)
def test_a_timestamp_that_is_no_unix_time_is_malformed(timestamp: str) -> None:
    assert judge(timestamp=timestamp) is Verdict.MALFORMED


@pytest.mark.parametrize("signature", ["!", "MEUC", "ÿ", "A" * 100_000, SINGLE_SIGNATURE[:-1], SINGLE_SIGNATURE + "\n"])
def test_a_signature_that_is_no_base64_is_refused(signature: str) -> None:
    assert judge(signature=signature) in {Verdict.MALFORMED, Verdict.FORGED}


def test_a_body_that_is_no_utf8_is_malformed() -> None:
    assert judge(b"[\xff]") is Verdict.MALFORMED


@given(body=st.binary(), signature=st.text(), timestamp=st.text())
def test_no_input_makes_the_check_raise(body: bytes, signature: str, timestamp: str) -> None:
    assert judge(body, signature=signature, timestamp=timestamp) is not Verdict.AUTHENTIC


@given(signature=st.binary(max_size=90))
def test_no_signature_bytes_make_the_check_raise(signature: bytes) -> None:
    encoded = base64.b64encode(signature).decode()

    assert judge(signature=encoded) in {Verdict.FORGED, Verdict.UNSIGNED}


def test_text_outside_ascii_is_signed_and_checked_as_utf8() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    body = '[{"reason":"Größe · 例え"}]\r\n'.encode()
    signature = base64.b64encode(private.sign(b"1600112502" + body, ec.ECDSA(hashes.SHA256()))).decode()

    assert judge(body, signature=signature, keys=(_shown(private.public_key()),)) is Verdict.AUTHENTIC


def test_a_key_that_is_none_is_named_at_start() -> None:
    with pytest.raises(SettingsError, match=r"webhook_public_keys: 'MFkwRUBBISH.*Copy the verification key"):
        SignatureCheck(public_keys=["MFkwRUBBISHxxx"], max_age_s=DAY_S)


def test_a_key_of_another_kind_is_named_at_start() -> None:
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).public_key()

    with pytest.raises(SettingsError, match="no P-256 key"):
        SignatureCheck(public_keys=[_shown(other)], max_age_s=DAY_S)


def test_no_key_at_all_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="webhook_public_keys is empty"):
        SignatureCheck(public_keys=[], max_age_s=DAY_S)


def _shown(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()
