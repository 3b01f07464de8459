"""`python -m chaos.toxiproxy`: gets the Toxiproxy server and says where it is."""

from __future__ import annotations

import sys

from chaos.toxiproxy.binary import find_toxiproxy
from chaos.toxiproxy.errors import ToxiproxyError


def main() -> int:
    """Exit with 1 when there is no way to get it."""
    try:
        program = find_toxiproxy()
    except ToxiproxyError as exc:
        sys.stderr.write(f"error: {exc}\n")
        return 1
    sys.stdout.write(f"{program}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
