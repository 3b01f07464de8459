"""The application that Granian serves: `granian --interface asgi system.web.app:app`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from system import failpoints, logs
from system.errors import SettingsError
from system.preflight.start import start_or_exit
from system.settings import load_settings
from system.tasks.tracking import enqueue_apply
from system.web.assembly import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI


def _start() -> FastAPI:
    try:
        settings = load_settings()
        logs.configure(settings.log_level)
        failpoints.watch(settings.failpoints)
        start_or_exit(settings, patience_s=0)
        return create_app(settings, enqueue=enqueue_apply)
    except SettingsError as exc:
        # A traceback would bury the one line that says what to change.
        sys.stderr.write(f"{exc}\n")
        raise SystemExit(1) from None


app = _start()
