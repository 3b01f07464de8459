"""What makes a secret weak: a placeholder that nobody replaced, too few characters, or the same few again and again."""

from __future__ import annotations

import re
from typing import Final

MIN_DIFFERENT: Final = 8
"""Different characters; 32 random hexadecimal digits have fewer once in a million times."""

# Words of a template that was not filled in, and of nothing that a generator would make.
_PLACEHOLDER: Final = re.compile(
    r"change.?me|replace.?me|your.?(api.?)?(key|secret|password)|placeholder|^todo|^x{4,}|^\*{3,}|^<.*>$|^\{.*\}$|^\$\{?\w",
    re.IGNORECASE,
)
_WELL_KNOWN: Final = frozenset({"password", "postgres", "redis", "secret", "steadypost", "admin", "guest", "foobared"})


def weakness_of_key(key: str, *, min_chars: int) -> str | None:
    """What is wrong with a key that a program made, or None."""
    if _PLACEHOLDER.search(key):
        return "is a placeholder; write the real one"
    if len(key) < min_chars:
        return f"must have at least {min_chars} characters each"
    if len(set(key)) < MIN_DIFFERENT:
        return "repeats the same few characters; make a random one"
    return None


def weakness_of_password(password: str) -> str | None:
    """What is wrong with a password inside a URL, or None."""
    if _PLACEHOLDER.search(password) or password.lower() in _WELL_KNOWN:
        return "has a password that everybody tries first; make a random one"
    return None
