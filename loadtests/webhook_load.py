"""Locust's file of the webhook load: one scheduler a process, in an open model.

    python -m loadtests.webhook_run …                    as a proof runs it (docs/webhook-load.md)
    locust -f loadtests/webhook_load.py --help           by hand, with the web UI, or spread over machines

Locust's own pacing waits for answers and so hides a slow server. Here one user a process walks a table
of arrivals; every further user of the same process has nothing to do.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import TYPE_CHECKING, Any

import gevent
from locust import User, events, stats, tag, task
from locust.runners import MasterRunner, WorkerRunner

from loadtests.webhook.arrivals import PROVIDER
from loadtests.webhook.locust_statistics import fire, round_to_three_digits
from loadtests.webhook.plan import add_arguments, read_plan
from loadtests.webhook.session import HOSTILE, Session
from system.errors import InputError

if TYPE_CHECKING:
    from locust.env import Environment

SHARE_DONE = "share_done"
_NUMBERS = count()
_sessions: dict[str, Session] = {}


class WebhookTraffic(User):
    """The provider and its enemies; `--tags provider` or `--exclude-tags hostile` leaves one of them."""

    @tag(PROVIDER)
    @task
    def provider(self) -> None:
        """True events, signed, in batches."""
        self._walk()

    @tag(HOSTILE)
    @task
    def hostile(self) -> None:
        """Forged, tampered, stale, replayed, oversize and malformed posts."""
        self._walk()

    def _walk(self) -> None:
        session = _sessions.get("current")
        if session is not None and not session.walked:
            session.walk([getattr(left, "__name__", "") for left in type(self).tasks])
            _tell_done(self.environment)
        gevent.sleep(float("1e9"))


def _check(environment: Environment, **_: Any) -> None:
    stats.bucket_response_time = round_to_three_digits
    if isinstance(environment.runner, WorkerRunner):
        return  # its options come from the master with the start
    try:
        plan = read_plan(environment.parsed_options)
    except InputError as exc:
        sys.stderr.write(f"error: {exc}\n")
        sys.exit(2)
    if isinstance(environment.runner, MasterRunner):
        waited_for = set(range(plan.shares))

        def note_done(msg: Any, **_: Any) -> None:
            waited_for.discard(msg.data["share"])
            if not waited_for:
                _end(environment)

        environment.runner.register_message(SHARE_DONE, note_done)


def _begin(environment: Environment, **_: Any) -> None:
    runner = environment.runner
    if runner is None or isinstance(runner, MasterRunner):
        return
    _sessions["current"] = Session(
        read_plan(environment.parsed_options),
        url=environment.host or "",
        index=getattr(runner, "worker_index", 0),
        number=next(_NUMBERS),
        on_request=lambda request: fire(environment, request),
    )


def _tell_done(environment: Environment) -> None:
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.send_message(SHARE_DONE, {"share": environment.runner.worker_index})
    else:
        _end(environment)


def _end(environment: Environment) -> None:
    """The last stage is over: headless means leave, the web UI stays."""
    runner, options = environment.runner, environment.parsed_options
    if runner is not None:
        # Not from here: whoever stops users can't be one of them.
        gevent.spawn(runner.quit if options and options.headless else runner.stop)


def _finish(environment: Environment, **_: Any) -> None:
    environment.process_exit_code = 0  # whether the answers were good enough is judged elsewhere
    if (session := _sessions.pop("current", None)) is not None:
        session.finish()


hooks: Any = events  # they carry no types
hooks.init_command_line_parser.add_listener(add_arguments)
hooks.init.add_listener(_check)
hooks.test_start.add_listener(_begin)
hooks.test_stop.add_listener(_finish)
hooks.quitting.add_listener(_finish)
