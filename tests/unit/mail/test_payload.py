from __future__ import annotations

import json
from typing import Any

import pytest

from system.mail.letter import Content
from system.mail.payload import Identity, build_payload, content_hash

pytestmark = pytest.mark.unit

CONTENT = Content(
    subject="For you",
    html="<p>Hello, Zoë & <b>friends</b></p>",
    text="Hello",
    headers={"List-Unsubscribe": "<https://mail.example/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
)
IDENTITY = Identity(campaign_id=3, week_key="2026-W47", user_id=7, job_id=9, attempt_id="a1", content_hash="h")


def built(*, to_email: str = "ada@example.org", to_name: str = "Ada") -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(
        build_payload(
            to_email=to_email,
            to_name=to_name,
            from_email="weekly@shop.example",
            from_name="Harbour & Home",
            newsletter="weekly-recos",
            content=CONTENT,
            identity=IDENTITY,
        )
    )
    return payload


def test_a_payload_says_everything_once() -> None:
    assert built() == {
        "from": {"email": "weekly@shop.example", "name": "Harbour & Home"},
        "subject": "For you",
        "personalizations": [
            {
                "to": [{"email": "ada@example.org", "name": "Ada"}],
                "headers": CONTENT.headers,
                "custom_args": {
                    "campaign_id": "3",
                    "week_key": "2026-W47",
                    "user_id": "7",
                    "job_id": "9",
                    "attempt_id": "a1",
                    "content_hash": "h",
                },
            }
        ],
        "content": [{"type": "text/plain", "value": "Hello"}, {"type": "text/html", "value": CONTENT.html}],
        "categories": ["weekly-recos"],
    }


@pytest.mark.parametrize(("name", "sent"), [("Ada; Bob, Eve", "Ada  Bob  Eve"), ("Zoë <x@y.z>", "Zoë <x@y.z>")])
def test_a_name_is_sent_as_the_provider_takes_it(name: str, sent: str) -> None:
    assert built(to_name=name)["personalizations"][0]["to"] == [{"email": "ada@example.org", "name": sent}]


@pytest.mark.parametrize("name", ["", "  ", ";"])
def test_nobody_is_addressed_by_an_empty_name(name: str) -> None:
    assert built(to_name=name)["personalizations"][0]["to"] == [{"email": "ada@example.org"}]


@pytest.mark.parametrize("email", ["ada(home)@example.org", "friend:ada@example.org", "a[1]@example.org"])
def test_an_address_is_never_taken_for_another(email: str) -> None:
    assert built(to_email=email, to_name="")["personalizations"][0]["to"] == [{"email": email}]


def test_the_same_recommendation_has_the_same_fingerprint() -> None:
    first = content_hash(user_id=7, product_ids=[1, 2], model_version="m1")
    assert first == content_hash(user_id=7, product_ids=(1, 2), model_version="m1")
    assert len(first) == 32


@pytest.mark.parametrize("change", [{"user_id": 8}, {"product_ids": [2, 1]}, {"model_version": "m2"}])
def test_another_recommendation_has_another_fingerprint(change: dict[str, Any]) -> None:
    same: dict[str, Any] = {"user_id": 7, "product_ids": [1, 2], "model_version": "m1"}
    assert content_hash(**same) != content_hash(**(same | change))
