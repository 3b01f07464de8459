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
