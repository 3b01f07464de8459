from __future__ import annotations

import pytest

from system.pipeline.arms import Arms, position, trial_salt

pytestmark = pytest.mark.unit

PEOPLE = range(1, 20_001)


def challenged(arms: Arms) -> set[int]:
    return {user for user in PEOPLE if arms.version_for(user) == "new"}


def arms(share: float, salt: str = "1/new") -> Arms:
    return Arms(model="old", challenger="new", share=share, salt=salt)


def test_without_a_challenger_everybody_gets_the_model() -> None:
    assert {Arms(model="old").version_for(user) for user in PEOPLE} == {"old"}


def test_the_challenger_gets_its_share() -> None:
    assert len(challenged(arms(0.1))) == pytest.approx(2_000, abs=130)  # three standard deviations


def test_who_is_in_a_trial_stays_when_its_share_grows() -> None:
    assert challenged(arms(0.1)) < challenged(arms(0.3))


def test_two_trials_choose_independently() -> None:
    both = challenged(arms(0.5)) & challenged(arms(0.5, salt="1/newer"))
    assert len(both) == pytest.approx(5_000, abs=190)


def test_a_person_s_place_never_changes_between_releases() -> None:
    salt = trial_salt(newsletter_id=7, challenger="2026-11-21-0a1b2c3d")
    assert position(42, salt=salt) == 0.8328620048678035


def test_every_place_is_between_nothing_and_one() -> None:
    assert all(0 <= position(user, salt="s") < 1 for user in PEOPLE)
