from __future__ import annotations

import re

import numpy as np
import pytest

from loadtests.people import DOMAINS, LOCALES, AddressShares, invent_people

pytestmark = pytest.mark.unit

NOBODY_MISSING = AddressShares(missing=0, invalid=0, inactive=0, suppressed=0)
ADDRESS = re.compile(r"[a-z.]+\.\d+@example\.(com|net|org)")


def _people(count: int, *, seed: int = 7, first_id: int = 1, shares: AddressShares = NOBODY_MISSING) -> list:
    return invent_people(np.random.default_rng(seed), first_id=first_id, count=count, shares=shares)


def test_every_address_is_unique_and_under_a_reserved_domain() -> None:
    addresses = [person.email for person in _people(5_000)]
    assert len(set(addresses)) == 5_000
    assert all(ADDRESS.fullmatch(address) for address in addresses)
    assert {address.split("@")[1] for address in addresses} == set(DOMAINS)


def test_names_are_written_as_in_their_languages() -> None:
    people = _people(5_000)
    assert {person.locale for person in people} == set(LOCALES)
    assert "Jürgen Müller" in {person.name for person in people}
    assert any("O'Brien" in person.name for person in people)


def test_the_same_seed_invents_the_same_people() -> None:
    assert _people(50) == _people(50)
    assert _people(50) != _people(50, seed=8)


def test_the_shares_without_a_usable_address_are_kept() -> None:
    shares = AddressShares(missing=0.1, invalid=0.2, inactive=0.3, suppressed=0.4)
    people = _people(20_000, shares=shares)
    counts = {
        "missing": sum(person.email is None for person in people),
        "invalid": sum(person.email is not None and not ADDRESS.fullmatch(person.email) for person in people),
        "inactive": sum(not person.active for person in people),
        "suppressed": sum(person.suppressed for person in people),
    }
    assert counts == pytest.approx(
        {"missing": 2_000, "invalid": 4_000, "inactive": 6_000, "suppressed": 8_000}, rel=0.05
    )
