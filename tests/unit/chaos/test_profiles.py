"""What a profile may claim."""

from __future__ import annotations

import pytest

from chaos.profiles import PROFILES, UNSCALED
from loadtests.webhook.stages import parse_stages
from system.settings import Settings

pytestmark = pytest.mark.unit


def test_only_the_full_size_is_not_compressed() -> None:
    kinds = {name: profile.mode()["kind"] for name, profile in PROFILES.items()}
    assert kinds == {"smoke": "compressed", "ci": "compressed", "full": "full"}


def test_the_full_size_is_the_promise_itself() -> None:
    full = PROFILES["full"]
    assert (full.users, full.outage_s, full.deadline_s) == (100_000, 600, 7_200)


@pytest.mark.parametrize("name", PROFILES)
def test_deadlines_shrink_with_the_users_and_stay_possible(name: str) -> None:
    profile = PROFILES[name]
    sending_s = profile.users / 100.0
    assert sending_s + profile.outage_s < profile.deadline_s
    assert profile.deadline_s == 7_200 / profile.mode()["compression"]


@pytest.mark.parametrize("name", PROFILES)
def test_the_outage_begins_and_ends_while_mails_are_left(name: str) -> None:
    assert 0.2 < PROFILES[name].outage_at_share < 0.7


@pytest.mark.parametrize("name", PROFILES)
def test_the_webhook_load_holds_500_events_a_second_until_the_end(name: str) -> None:
    last = parse_stages(PROFILES[name].stages)[-1]
    assert last.name == "soak"
    assert last.events_per_s == 500


def test_what_is_called_unscaled_is_the_default_of_its_setting() -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    stated = {name: value for name, value in UNSCALED.items() if name in defaults}
    assert stated == {name: defaults[name] for name in stated}
    assert len(stated) >= 5
