"""What a scrape shows: the database's, Redis's and the broker's numbers, cheaply, and in a form that promtool likes."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import redis
from missing import go_without
from shop_world import Shop

from stack.readiness import NotReadyError, wait_until_ready
from system.mail.breaker import Breaker
from system.mail.rate_limit import RateLimit
from system.metrics import series
from system.tasks.presence import note_presence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from web_process import StartWeb, Web

    from stack.redis import RedisServer

pytestmark = pytest.mark.integration

CAMPAIGN = 'campaign="weekly-recos 2026-W47"'


@pytest.fixture
def shop(engine: Engine) -> Iterator[Shop]:
    """A shop in front of the shared web process, gone afterwards."""
    made = Shop(engine)
    yield made
    made.rows("TRUNCATE campaigns, newsletters, email_jobs CASCADE")


@pytest.fixture
def redis_of_web(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url(0)) as client:
        client.flushdb()
        yield client
        client.flushdb()


def test_the_exposition_is_clean(web: Web, shop: Shop, redis_of_web: redis.Redis) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        go_without("promtool is missing; Debian's package prometheus brings it")
    shop.add_job(shop.add_campaign(shop.add_newsletter(enabled=True)))
    note_presence(redis_of_web, queue="emails", worker="w", now_s=time.time())
    text = web.ask("GET", "/metrics").text
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_series_of_ours_is_in_the_catalogue(web: Web, shop: Shop, redis_of_web: redis.Redis) -> None:
    shop.add_job(shop.add_campaign(shop.add_newsletter(enabled=True)))
    redis_of_web.ping()
    shown = set(re.findall(r"^(steadypost_\w+)", web.ask("GET", "/metrics").text, re.MULTILINE))
    assert len(shown) > 20
    assert shown <= series()


def test_jobs_are_shown_by_state(web: Web, shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    for state in ("ready", "ready", "unknown", "delivered"):
        shop.add_job(campaign_id, state)

    def counted() -> None:
        if not web.metric(f'steadypost_campaign_jobs{{{CAMPAIGN},state="ready"}}'):
            raise NotReadyError("not counted yet")

    wait_until_ready(counted, what="the first count", deadline_s=20)
    assert web.metric(f'steadypost_campaign_jobs{{{CAMPAIGN},state="ready"}}') == 2
    assert web.metric(f'steadypost_campaign_jobs{{{CAMPAIGN},state="unknown"}}') == 1
    assert web.metric(f"steadypost_campaign_started_timestamp_seconds{{{CAMPAIGN}}}") == pytest.approx(
        time.time(), abs=60
    )


def test_a_completed_campaign_shows_what_it_came_to(web: Web, shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state="completed")
    shop.rows("UPDATE campaigns SET completed_at = now(), counts = '{\"delivered\": 5}' WHERE id = :id", id=campaign_id)
    assert web.metric(f'steadypost_campaign_jobs{{{CAMPAIGN},state="delivered"}}') == 5
    assert web.metric(f"steadypost_campaign_completed_timestamp_seconds{{{CAMPAIGN}}}") > 0


def test_a_paused_campaign_and_the_oldest_unknown_job_are_shown(web: Web, shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state="paused")
    shop.add_job(campaign_id, "unknown")
    shop.rows("UPDATE email_jobs SET updated_at = now() - interval '1 h' WHERE status = 'unknown'")
    assert web.metric(f"steadypost_campaign_paused{{{CAMPAIGN}}}") == 1
    assert web.metric(f"steadypost_unknown_oldest_seconds{{{CAMPAIGN}}}") == pytest.approx(3600, abs=60)


def test_a_locked_database_is_shown(web: Web, shop: Shop) -> None:
    assert web.metric("steadypost_sending_locked") == 0
    shop.rows("UPDATE sending_epochs SET locked_at = now(), lock_reason = 'restored'")
    try:
        assert web.metric("steadypost_sending_locked") == 1
    finally:
        shop.rows("UPDATE sending_epochs SET locked_at = NULL, lock_reason = NULL")


def test_a_post_that_nobody_applies_is_a_lag(web: Web, shop: Shop) -> None:
    assert web.metric("steadypost_webhook_lag_seconds") == 0
    shop.rows("INSERT INTO webhook_inbox (digest, body, received_at) VALUES ('d', '[]', now() - interval '90 s')")
    assert web.metric("steadypost_webhook_lag_seconds") == pytest.approx(90, abs=30)


def test_an_account_shows_permits_limit_and_breaker(web: Web, redis_of_web: redis.Redis) -> None:
    permits = RateLimit(redis_of_web, account="default", mails_per_s=100.0)
    permits.reserve(1)
    Breaker(redis_of_web, account="default", failures_to_open=1).count(accepted=0, failed_since=1)
    permits.hold(500)
    assert web.metric('steadypost_breaker_open{account="default"}') == 1
    assert web.metric('steadypost_account_limit_mails_per_second{account="default"}') == 100
    assert web.metric('steadypost_permits_held_seconds{account="default"}') == pytest.approx(500, abs=30)
    redis_of_web.set("permits:{default}:count", 41)
    assert web.metric('steadypost_permits_reserved_total{account="default"}') == 41


def test_a_worker_that_gave_no_sign_of_late_is_not_counted(web: Web, redis_of_web: redis.Redis) -> None:
    note_presence(redis_of_web, queue="emails", worker="alive", now_s=time.time())
    note_presence(redis_of_web, queue="emails", worker="gone", now_s=time.time() - 60)
    assert web.metric('steadypost_workers{queue="emails"}') == 1
    assert web.metric('steadypost_workers{queue="ml"}') == 0


def test_a_source_that_is_away_leaves_the_others(start_web: StartWeb, closed_port: int) -> None:
    with start_web(redis_url=f"redis://127.0.0.1:{closed_port}/0") as web:
        answer = web.ask("GET", "/metrics")
        assert answer.status == 200
        assert 'steadypost_source_up{source="redis"} 0.0' in answer.text
        assert 'steadypost_source_up{source="broker"} 0.0' in answer.text
        assert 'steadypost_source_up{source="database"} 1.0' in answer.text
        assert "steadypost_webhook_lag_seconds 0.0" in answer.text


def test_no_address_is_shown(web: Web, shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state="paused")
    shop.rows("UPDATE campaigns SET state_reason = 'somebody@example.org is blocked'")
    shop.add_job(campaign_id, "failed")
    text = web.ask("GET", "/metrics").text
    assert CAMPAIGN in text
    assert "@" not in text
