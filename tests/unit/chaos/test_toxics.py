"""What a toxic may be: the server itself would take anything."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.toxiproxy.toxic import ATTRIBUTES, Toxic, ToxicError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("toxic", "message"),
    [
        ({"kind": "lateness"}, r"there is no toxic 'lateness'\. Take one of latency, bandwidth, slow_close, timeout"),
        ({"kind": "latency", "attributes": {"latency": -5}}, r"latency: latency=-5 must be a whole number, 1 or more"),
        ({"kind": "latency", "attributes": {"latency": 1.5}}, r"latency: latency=1\.5 must be a whole number"),
        ({"kind": "latency", "attributes": {"latency": True}}, "latency: latency=True must be a whole number"),
        ({"kind": "latency", "attributes": {"delay": 5}}, r"latency has no attribute 'delay'\. It has latency, jitter"),
        ({"kind": "latency", "attributes": {}}, r"latency needs latency\. Give it, 1 or more"),
        ({"kind": "latency", "attributes": {"latency": 5, "jitter": 6}}, "latency: jitter=6 is more than its latency"),
        ({"kind": "bandwidth", "attributes": {"rate": 0}}, "bandwidth: rate=0 must be a whole number, 1 or more"),
        ({"kind": "limit_data", "attributes": {"bytes": 0}}, "limit_data: bytes=0 must be a whole number, 1 or more"),
        (
            {"kind": "slicer", "attributes": {"average_size": 5, "size_variation": 6}},
            "slicer: size_variation=6 is more than its average_size",
        ),
        ({"kind": "timeout", "toxicity": 7}, r"timeout: toxicity=7 is no share\. Take one above 0 and up to 1"),
        ({"kind": "timeout", "toxicity": 0}, "timeout: toxicity=0 is no share"),
        ({"kind": "timeout", "toxicity": True}, "timeout: toxicity=True is no share"),
        ({"kind": "reset_peer", "toxicity": 0.5}, r"reset_peer: toxicity=0\.5 resets the other connections as well"),
        ({"kind": "timeout", "stream": "sideways"}, "timeout: stream='sideways' is unknown"),
    ],
)
def test_a_toxic_that_would_do_something_else_is_refused(toxic: dict[str, Any], message: str) -> None:
    with pytest.raises(ToxicError, match=message):
        Toxic(**toxic)


def test_a_toxic_is_sent_with_every_attribute_so_that_it_can_be_verified() -> None:
    assert Toxic(kind="slicer", stream="upstream", attributes={"average_size": 5}).payload() == {
        "name": "slicer_upstream",
        "type": "slicer",
        "stream": "upstream",
        "toxicity": 1.0,
        "attributes": {"average_size": 5, "size_variation": 0, "delay": 0},
    }


def test_every_toxic_of_the_server_is_known() -> None:
    assert set(ATTRIBUTES) == {
        *("latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"),
    }
