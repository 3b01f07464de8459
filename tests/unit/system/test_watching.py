"""Error reports and traces while they are off, and when they can't be switched on."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import pytest
from shop_world import settings_with

from system import error_reports, tracing
from system.errors import SettingsError

pytestmark = pytest.mark.unit

LIBRARIES = ("sentry_sdk", "system.otlp", "opentelemetry.exporter")
PROGRAM = f"""
import json, sys
import system.tasks.orchestrator, system.tasks.schedules, system.web.assembly
print(json.dumps([name for name in {LIBRARIES} if name in sys.modules]))
"""


def imported(**settings: str) -> list[str]:
    values = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ACCOUNTS": "{}",
        "WEBHOOK_PUBLIC_KEYS": "[]",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "LINK_KEYS": '["a-key"]',
        "FROM_EMAIL": "weekly@shop.example",
        "FROM_NAME": "Harbour & Home",
        "POSTAL_ADDRESS": "12 Quay Street",
        "SHOP_URL": "https://shop.example",
        **settings,
    }
    env = {**os.environ, **{f"STEADYPOST_{name}": value for name, value in values.items()}}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=120, check=True
    )
    names: list[str] = json.loads(done.stdout)
    return names


def test_what_is_off_or_empty_is_not_imported() -> None:
    assert imported(SENTRY_DSN="", OTLP_ENDPOINT="") == []


def test_a_dsn_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError, match=r"^STEADYPOST_SENTRY_DSN: .*copy it from") as refused:
        error_reports.start(settings_with(sentry_dsn="hush-hush"))
    assert "hush" not in str(refused.value)


def test_traces_without_the_extra_are_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "system.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"opentelemetry\..* is not installed; install the extra `tracing`"):
        tracing.start(settings_with(otlp_endpoint="http://127.0.0.1:4318"))


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://collector", "http://"])
def test_an_endpoint_that_is_no_url_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="otlp_endpoint"):
        settings_with(otlp_endpoint=endpoint)


def test_while_traces_are_off_functions_do_what_they_did() -> None:
    @tracing.spanned("double")
    def double(number: int) -> int:
        return 2 * number

    @tracing.spanned("later")
    async def later(number: int) -> int:
        return 2 * number

    with tracing.span("nothing", campaign_id=7):
        assert double(4) == asyncio.run(later(4)) == 8
    assert (tracing.current(), tracing.begin_trace("nothing")) == (None, None)
    assert not tracing.is_on()


def error(kind: str, function: str = "send") -> dict[str, object]:
    return {"exception": {"values": [{"type": kind, "stacktrace": {"frames": [{"function": function}]}}]}}


def test_the_same_error_at_the_same_place_is_reported_once_a_minute() -> None:
    now_s = 0.0
    prepare = error_reports.Preparation(clock=lambda: now_s)
    events = [error("OSError"), error("OSError"), error("KeyError"), error("OSError", "claim")]
    assert [prepare(event, {}) is not None for event in events] == [True, False, True, True]
    now_s = 59.0
    assert prepare(error("OSError"), {}) is None
    now_s = 60.0
    assert prepare(error("OSError"), {}) is not None


@pytest.mark.parametrize(("logger", "is_sent"), [("celery.worker.request", True), ("celery.worker.consumer", False)])
def test_lines_that_repeat_an_outage_each_second_are_no_reports(logger: str, is_sent: bool) -> None:  # noqa: FBT001  # a case
    event = {"logger": logger, "logentry": {"message": "no connection"}}
    assert (error_reports.Preparation()(event, {}) is not None) is is_sent


def test_what_the_library_adds_about_people_is_left_out() -> None:
    more = {"request": {"url": "/u/token"}, "user": {"ip_address": "10.0.0.1"}, "extra": {"argv": ["x"]}}
    sent = error_reports.Preparation()({**error("OSError"), **more, "server_name": "ada@x.org"}, {})
    assert sent is not None
    assert sent.keys() == {"exception", "server_name", "tags"}
    assert sent["server_name"] == "<address>"
