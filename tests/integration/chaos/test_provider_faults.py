from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

import pytest
from supervised import fake_provider, wait_for

from chaos.injectors.provider import FAULT_OF, HeldMail, ProviderFault, WebhookFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supervised import FakeProvider

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeProvider]:
    with fake_provider(tmp_path_factory.mktemp("fake")) as running:
        yield running


def send(fake: FakeProvider, *, timeout_s: float = 0.5) -> int | None:
    """The answer's status, None without one."""
    mail = {
        "personalizations": [{"to": [{"email": "reader@example.com"}]}],
        "from": {"email": "news@example.com"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Hello"}],
    }
    headers = {"Authorization": f"Bearer {fake.api_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{fake.api}/v3/mail/send", data=json.dumps(mail).encode(), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            return int(response.status)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code
    except (OSError, HTTPException):
        return None


@pytest.mark.parametrize("what", list(FAULT_OF))
def test_every_fault_of_the_menu_is_seen_when_it_bites_and_only_then(fake: FakeProvider, what: str) -> None:
    fault = ProviderFault(management_url=fake.management, what=what, rule={"delay_s": 0.2, "bytes_per_s": 1000})
    fault.heal()
    assert not fault.look()
    fault.inject()
    send(fake)
    assert fault.look()
    fault.heal()
    assert not fault.look()
    fault.heal()
    assert send(fake, timeout_s=5) == 202


def test_the_menu_is_complete(fake: FakeProvider) -> None:
    with urllib.request.urlopen(f"{fake.management}/openapi.json", timeout=10) as response:
        menu = json.load(response)["components"]["schemas"]["Fault"]["enum"]
    assert set(menu) == set(FAULT_OF)


def test_what_is_not_on_the_menu_is_refused(fake: FakeProvider) -> None:
    with pytest.raises(ValueError, match=r"what='strike' is not on the provider's menu: refuse, close"):
        ProviderFault(management_url=fake.management, what="strike")


def test_events_that_are_told_twice_are_seen(fake: FakeProvider) -> None:
    fault = WebhookFault(management_url=fake.management, shares={"duplicate_new_id": 1.0})
    assert not fault.look()
    fault.inject()
    assert send(fake, timeout_s=5) == 202
    wait_for(fault.look, "an event told twice")
    fault.heal()
    assert not fault.look()
    fault.heal()


@pytest.mark.parametrize("at", ["before_acceptance", "after_acceptance"])
def test_a_mail_is_held_until_it_is_let_go(fake: FakeProvider, at: Any) -> None:
    latch = HeldMail(management_url=fake.management, at=at)
    assert not latch.look()
    latch.inject()
    answers: list[int | None] = []
    sending = threading.Thread(target=lambda: answers.append(send(fake, timeout_s=20)))
    sending.start()
    wait_for(latch.look, "a held mail")
    assert answers == []
    latch.heal()
    sending.join(timeout=20)
    assert answers == [202]
    wait_for(lambda: not latch.look(), "the latch to be empty")
    latch.heal()


def test_a_latch_that_held_nothing_is_disarmed(fake: FakeProvider) -> None:
    latch = HeldMail(management_url=fake.management, at="before_acceptance")
    latch.inject()
    latch.heal()
    assert send(fake, timeout_s=5) == 202


def test_nothing_is_ordered_outside_this_machine() -> None:
    with pytest.raises(ValueError, match="is not on this machine"):
        ProviderFault(management_url="http://mail.example:80", what="lose").inject()
