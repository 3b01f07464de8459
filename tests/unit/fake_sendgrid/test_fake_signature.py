"""The signature helper, on two genuine production posts that the official SDKs test with."""

import base64
from pathlib import Path

import orjson
import pytest

from fake_sendgrid.office.batch import cut_batches, join_events
from fake_sendgrid.signing import SigningKeyError, load_or_make_key, make_key, show_public_key, sign, verify

pytestmark = pytest.mark.unit

SINGLE = {
    "public_key": (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eN"
        "Ec6wEA3F+g=="
    ),
    "signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
    "timestamp": "1600112502",
    "events": [
        {
            "email": "hello@world.com",
            "event": "dropped",
            "reason": "Bounced Address",
            "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
            "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
            "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
            "timestamp": 1600112492,
        }
    ],
}
MULTIPLE = {
    "public_key": (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQ4LIFtWztlsF7skFqOncjD1lun4H5w8XOhyOArHW9RcIx/FfEzx6cikC/yPfUvwaX/JScE7Fc9CJ"
        "D2afQ9Ok3Q=="
    ),
    "signature": "MEYCIQC/I4o6vCgqRYrTljjoVWB/GRWNtxeePlLMHr3x9ETeRQIhAIpV+03nREPTTHWSW0wIOA0EoMPdcNgXa70yCaqDJlu5",
    "timestamp": "1619651159",
    "events": [
        {
            "email": "invalid@gmail.com",
            "event": "processed",
            "send_at": 0,
            "sg_event_id": "cHJvY2Vzc2VkLTE5OTQyMTEyLXFOd0JMZ1BRUWpXNkRKdktRd1NBYnctMA",
            "sg_message_id": "qNwBLgPQQjW6DJvKQwSAbw.filterdrecv-canary-547b64655b-cw6zx-1-6089EA4A-56.0",
            "smtp-id": "<qNwBLgPQQjW6DJvKQwSAbw@ismtpd0178p1mdw1.sendgrid.net>",
            "timestamp": 1619651146,
        },
        {
            "email": "invalid@gmail.com",
            "event": "bounce",
            "ip": "167.89.101.76",
            "reason": (
                "552 5.2.2 The email account that you tried to reach is over quota and inactive. Please direct the "
                "recipient to https://support.google.com/mail/?p=OverQuotaPerm c17si1130468pgv.34 - gsmtp"
            ),
            "sg_event_id": "Ym91bmNlLTAtMTk5NDIxMTItcU53QkxnUFFRalc2REp2S1F3U0Fidy0w",
            "sg_message_id": "qNwBLgPQQjW6DJvKQwSAbw.filterdrecv-canary-547b64655b-cw6zx-1-6089EA4A-56.0",
            "smtp-id": "<qNwBLgPQQjW6DJvKQwSAbw@ismtpd0178p1mdw1.sendgrid.net>",
            "status": "5.2.2",
            "timestamp": 1619651147,
            "tls": 1,
            "type": "blocked",
        },
    ],
}


def _is_authentic(post: dict[str, object], body: bytes) -> bool:
    return verify(
        str(post["public_key"]), signature=str(post["signature"]), timestamp=str(post["timestamp"]), body=body
    )


def _join(post: dict[str, object]) -> bytes:
    events = post["events"]
    assert isinstance(events, list)
    return join_events([orjson.dumps(event) for event in events])


@pytest.mark.parametrize("post", [SINGLE, MULTIPLE], ids=["single", "multiple"])
def test_our_bytes_verify_against_a_genuine_production_signature(post: dict[str, object]) -> None:
    assert _is_authentic(post, _join(post))


@pytest.mark.parametrize("post", [SINGLE, MULTIPLE], ids=["single", "multiple"])
def test_without_the_final_crlf_the_genuine_signature_fails(post: dict[str, object]) -> None:
    assert not _is_authentic(post, _join(post).rstrip())


def test_plain_joints_fail_the_genuine_signature() -> None:
    assert not _is_authentic(MULTIPLE, _join(MULTIPLE).replace(b"},\r\n{", b"},{"))


def test_what_we_sign_verifies_and_what_was_changed_does_not() -> None:
    key = make_key()
    signature = sign(key, timestamp="1700000000", body=b"[]\r\n")
    shown = show_public_key(key)
    assert verify(shown, signature=signature, timestamp="1700000000", body=b"[]\r\n")
    assert not verify(shown, signature=signature, timestamp="1700000001", body=b"[]\r\n")
    assert not verify(shown, signature=signature, timestamp="1700000000", body=b"[ ]\r\n")
    assert not verify(show_public_key(make_key()), signature=signature, timestamp="1700000000", body=b"[]\r\n")


def test_the_key_is_shown_as_sendgrid_shows_it() -> None:
    shown = show_public_key(make_key())
    assert shown.startswith("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE")
    assert len(base64.b64decode(shown)) == 91


def test_a_key_file_is_made_once_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "webhook.pem"
    first = show_public_key(load_or_make_key(path))
    assert show_public_key(load_or_make_key(path)) == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_key_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "webhook.pem"
    path.write_text("no key")
    with pytest.raises(SigningKeyError, match=r"webhook\.pem"):
        load_or_make_key(path)


def test_batches_stay_below_their_size_and_lose_nothing() -> None:
    events = [orjson.dumps({"n": n, "pad": "x" * 90}) for n in range(50)]
    batches = list(cut_batches(events, max_bytes=1000))
    assert all(len(body) <= 1100 for body, _ in batches)
    assert [event["n"] for body, _ in batches for event in orjson.loads(body)] == list(range(50))
    assert sum(count for _, count in batches) == 50
