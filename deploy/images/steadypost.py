#!/app/.venv/bin/python
"""The command `steadypost` of the image, where the project is copied and not installed.

`docker compose exec` passes the image's entry point by, so secrets are filled in here as well.
"""

import os
import sys

from with_secrets import SecretError, fill, read_secret

try:
    os.environ.update(fill(os.environ, read=read_secret))
except SecretError as exc:
    sys.exit(f"error: {exc}")

from system.cli import main  # some modules read settings when they are imported

main()
