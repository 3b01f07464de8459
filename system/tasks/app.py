"""The Celery application: `celery -A system.tasks.app worker -Q emails`, `celery -A system.tasks.app beat`."""

from __future__ import annotations

import multiprocessing
import sys
from typing import Any

from celery import Celery, signals

from system import error_reports, failpoints, logs, tracing
from system.errors import SettingsError
from system.preflight.start import PATIENCE_S, start_or_exit
from system.settings import load_settings
from system.storage.database import forget_engine
from system.tasks.broker import survive_poison
from system.tasks.configuration import celery_configuration
from system.tasks.context import bind_tasks
from system.tasks.metrics_port import answer_scrapes
from system.tasks.presence import be_present
from system.tasks.queue_readings import date_messages
from system.tasks.reconnection import QuickAMQP, come_back_soon
from system.tasks.traces import trace_tasks

# Made before the pool forks: the parent hears of the shutdown, the children work.
_shutting_down = multiprocessing.get_context("fork").Event()


def is_shutting_down() -> bool:
    """Whether this worker was told to stop; long tasks ask between two groups."""
    return _shutting_down.is_set()


def _make_app() -> Celery:
    try:
        settings = load_settings()
        error_reports.start(settings)
        tracing.start(settings)
    except SettingsError as exc:
        sys.exit(f"steadypost can't start:\n{exc}")
    survive_poison()
    date_messages()
    answer_scrapes()
    bind_tasks()
    trace_tasks()
    failpoints.watch(settings.failpoints)
    made = Celery(
        "steadypost",
        amqp=QuickAMQP,
        include=[f"system.tasks.{name}" for name in ("orchestrator", "ml", "email", "tracking", "schedules")],
    )
    made.conf.update(celery_configuration(settings))
    come_back_soon(made)
    be_present(made)
    return made


app = _make_app()


@signals.celeryd_init.connect
@signals.beat_init.connect
def _examine(**_: Any) -> None:
    """Before a worker has a connection, and before a beat has its lock: RedBeat listens after us."""
    settings = load_settings()
    logs.configure(settings.log_level)
    start_or_exit(settings, patience_s=PATIENCE_S)


@signals.setup_logging.connect
def _log_as_json(**_: Any) -> None:
    logs.configure(load_settings().log_level)


@signals.worker_shutting_down.connect
def _note_shutdown(**_: Any) -> None:
    _shutting_down.set()


@signals.worker_process_init.connect
def _start_process(**_: Any) -> None:
    forget_engine()
