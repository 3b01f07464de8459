"""Starts a program with its secrets filled in: `{name}` in a STEADYPOST_ or FLOWER_ variable is /run/secrets/name.

Whatever stands in a URL is quoted. The secrets are in the process's environment, and in no image, file or command line.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

SECRETS = Path("/run/secrets")
PREFIXES = ("STEADYPOST_", "FLOWER_", "FAKE_SENDGRID_")
_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class SecretError(Exception):
    """A secret that is named and can't be read; says which and what to do."""


def fill(environment: Mapping[str, str], *, read: Callable[[str], str]) -> dict[str, str]:
    """The environment with every place filled by `read(name)`."""
    return {
        name: _fill_one(name, value, read) if name.startswith(PREFIXES) else value
        for name, value in environment.items()
    }


def _fill_one(variable: str, value: str, read: Callable[[str], str]) -> str:
    is_url = variable.endswith("_URL")

    def secret(found: re.Match[str]) -> str:
        text = read(found[1])
        return quote(text, safe="") if is_url else text

    return _PLACE.sub(secret, value)


def read_secret(name: str) -> str:
    """One secret without its line end; SecretError when it is missing or empty."""
    path = SECRETS / name
    try:
        text = path.read_text().strip()
    except OSError as exc:
        raise SecretError(f"secret {name}: {path} can't be read ({exc.strerror}); deploy/secrets.sh makes it") from None
    if not text:
        raise SecretError(f"secret {name} is empty; write it into secrets/{name}")
    return text


def main() -> None:
    """Become the program that the arguments name."""
    try:
        environment = fill(os.environ, read=read_secret)
    except SecretError as exc:
        sys.exit(f"error: {exc}")
    os.execvpe(sys.argv[1], sys.argv[1:], environment)  # noqa: S606  # the image's command, given by its owner


if __name__ == "__main__":
    main()
