"""What unsubscribe links promise."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.mail.links import Subscription, UnsubscribeLinks

pytestmark = pytest.mark.unit

OLD_KEY = "old-key-old-key-old-key-old-key-"
NEW_KEY = "new-key-new-key-new-key-new-key-"


def links(*keys: str) -> UnsubscribeLinks:
    return UnsubscribeLinks(keys=keys or (NEW_KEY,), public_url="https://mail.example.com/")


def token_of(url: str) -> str:
    return url.removeprefix("https://mail.example.com/u/")


def test_a_link_names_its_user_and_campaign() -> None:
    url = links().url(user_id=4711, campaign_id=12)

    assert links().read(token_of(url)) == Subscription(user_id=4711, campaign_id=12)


def test_a_link_needs_no_escaping_and_is_the_same_every_time() -> None:
    url = links().url(user_id=4711, campaign_id=12)

    assert re.fullmatch(r"https://mail\.example\.com/u/[A-Za-z0-9._-]+", url)
    assert links().url(user_id=4711, campaign_id=12) == url


def test_a_link_of_an_older_key_still_works() -> None:
    token = token_of(links(OLD_KEY).url(user_id=1, campaign_id=2))

    assert links(NEW_KEY, OLD_KEY).read(token) == Subscription(user_id=1, campaign_id=2)


def test_the_first_key_signs() -> None:
    token = token_of(links(NEW_KEY, OLD_KEY).url(user_id=1, campaign_id=2))

    assert links(NEW_KEY).read(token) == Subscription(user_id=1, campaign_id=2)
    assert links(OLD_KEY).read(token) is None


def test_another_user_in_the_same_link_is_refused() -> None:
    token = token_of(links().url(user_id=4711, campaign_id=12))

    assert links().read(token.replace("4711", "4712")) is None
    assert links().read(token.replace(".12.", ".13.")) is None


@given(st.text())
def test_whatever_a_stranger_writes_is_refused_without_an_error(token: str) -> None:
    assert links().read(token) is None


@pytest.mark.parametrize(
    "token", ["", "1.2", "1.2.", "\u0661.\u0662." + "A" * 43, "1.2." + "A" * 43, "-1.2." + "A" * 43, "\udcff"]
)
def test_malformed_tokens_are_refused(token: str) -> None:
    assert links().read(token) is None
