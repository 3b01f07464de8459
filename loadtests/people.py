"""Invented people: names as they are written in six languages, addresses under reserved domains."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

DOMAINS: Final = ("example.com", "example.net", "example.org")  # RFC 2606: mail to them reaches nobody

_NAMES_BY_LOCALE: Final = {
    "en": (
        "Olivia Noah Amelia George Isla Leo Ava Harry Sinéad Oscar Grace Arthur Maisie Ruby Theo",
        "Smith Jones O'Brien Taylor Brown Khan Evans Wright Walker St.John-Hughes Patel Green Hall Wood",
    ),
    "de": (
        "Hannah Jürgen Mia Björn Sofia Käthe Paul Lena Götz Anna Max Marlene Uwe Frieda",
        "Müller Schmidt Weiß Fischer Schäfer Wagner Köhler Becker Groß Hoffmann Krüger Vogt",
    ),
    "fr": (
        "Chloé Léo Inès Gaël Zoé François Camille Éloïse Hugo Manon Loïc Maëlys Jean-Luc",
        "Martin Bernard Lefèvre Dubois D'Arcy Petit Gauthier Moreau Lefebvre Béranger Roux",
    ),
    "es": (
        "Lucía Hugo Martín Sofía Íñigo Begoña Álvaro Paula Julián Noelia Iker Rocío",
        "García Núñez López Martínez Peña Sánchez Ibáñez Romero Muñoz Castaño",
    ),
    "pl": (
        "Zuzanna Łukasz Świętosława Jakub Małgorzata Staś Hanna Michał Żaneta Bożena",
        "Nowak Wiśniewska Wójcik Zieliński Żak Łuczak Dąbrowska Kamiński Śliwa",
    ),
    "ja": ("陽菜 蓮 結衣 悠真 さくら 大翔 美咲 健太", "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村"),
}
_NAMES: Final = {locale: (given.split(), family.split()) for locale, (given, family) in _NAMES_BY_LOCALE.items()}
LOCALES: Final = tuple(_NAMES)
LOCALE_SHARES: Final = (0.62, 0.14, 0.1, 0.07, 0.04, 0.03)

_UNUSABLE: Final = ("{slug}{id}", "{slug}{id}@", "@{domain}", "{slug} {id}@{domain}", "{slug}{id}@{domain},x@{domain}")


@dataclass(frozen=True, slots=True)
class AddressShares:
    """How many of all users can't be mailed, and why."""

    missing: float = 0.002
    invalid: float = 0.002
    inactive: float = 0.01
    suppressed: float = 0.01


USUAL_SHARES: Final = AddressShares()


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the table of users."""

    id: int
    email: str | None
    name: str
    locale: str
    active: bool
    suppressed: bool


def invent_people(rng: np.random.Generator, *, first_id: int, count: int, shares: AddressShares) -> list[Person]:
    """People with ids from `first_id` on; their addresses hold their ids, so none appears twice."""
    locales = rng.choice(len(LOCALES), size=count, p=LOCALE_SHARES).tolist()
    picks = rng.random((count, 2)).tolist()
    fates = rng.random((count, 3)).tolist()
    return [
        _person(first_id + at, LOCALES[locale], pick=pick, fate=fate, shares=shares)
        for at, (locale, pick, fate) in enumerate(zip(locales, picks, fates, strict=True))
    ]


def _person(id_: int, locale: str, *, pick: list[float], fate: list[float], shares: AddressShares) -> Person:
    given, family = _NAMES[locale]
    first, last = given[int(pick[0] * len(given))], family[int(pick[1] * len(family))]
    return Person(
        id=id_,
        email=_address(id_, f"{_SLUGS[first]}.{_SLUGS[last]}", fate=fate[0], shares=shares),
        name=f"{last} {first}" if locale == "ja" else f"{first} {last}",
        locale=locale,
        active=fate[1] >= shares.inactive,
        suppressed=fate[2] < shares.suppressed,
    )


def _address(id_: int, slug: str, *, fate: float, shares: AddressShares) -> str | None:
    domain = DOMAINS[id_ % len(DOMAINS)]
    if fate < shares.missing:
        return None
    if fate < shares.missing + shares.invalid:
        return _UNUSABLE[id_ % len(_UNUSABLE)].format(slug=slug, id=id_, domain=domain)
    return f"{slug}.{id_}@{domain}"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("Ł", "L").replace("ł", "l").replace("ß", "ss"))
    return "".join(char for char in plain.lower() if char.isascii() and char.isalpha()) or "user"


_SLUGS: Final = {name: _slug(name) for names in _NAMES.values() for group in names for name in group}
