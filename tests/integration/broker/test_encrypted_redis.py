"""Broker, permits and schedules over TLS, each process as its own user, by an authority of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encrypted_redis import encrypted_redis, new_authority
from shop_world import settings_with
from small_system import add_ready_jobs, small_system

from system.preflight.broker import examine_broker
from system.preflight.finding import Level
from system.preflight.redis_server import examine_redis
from system.tasks.queue_readings import queues_waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from encrypted_redis import EncryptedRedis
    from shop_world import Shop

pytestmark = pytest.mark.integration

JOBS = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EncryptedRedis]:
    with encrypted_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def test_a_campaigns_batches_go_through(server: EncryptedRedis, shop: Shop, database_url: str, tmp_path: Path) -> None:
    add_ready_jobs(shop, JOBS)
    of_worker, of_beat = ({"redis_url": server.url(role)} for role in ("worker", "beat"))
    with small_system(tmp_path, database_url=database_url, of_worker=of_worker, of_beat=of_beat) as system:
        system.wait_until_sent(JOBS)
        assert system.accepted() == JOBS
    assert "CERTIFICATE" not in system.logs


@pytest.mark.parametrize("role", ["worker", "beat", "web"])
def test_every_role_passes_the_examination(server: EncryptedRedis, role: str) -> None:
    settings = settings_with(redis_url=server.url(role))
    assert {finding.what: finding.level for finding in examine_redis(settings)} == {
        "redis": Level.OK,
        "redis eviction": Level.OK,
    }
    assert examine_broker(settings)[0].level is Level.OK


def test_the_queues_can_be_read(server: EncryptedRedis) -> None:
    assert {each.queue for each in queues_waiting(server.url("worker"), timeout_s=5, now_s=0.0)} >= {"emails", "ml"}


def test_a_server_that_an_unknown_authority_signed_is_refused(server: EncryptedRedis, tmp_path: Path) -> None:
    stranger = new_authority(tmp_path, "stranger").path
    (found,) = examine_redis(settings_with(redis_url=server.url("worker", trusted=stranger)))
    assert found.level is Level.FIX
    assert "a certificate that we don't trust" in found.says
    assert "ssl_ca_certs" in found.says


def test_an_authority_that_is_no_file_is_refused(server: EncryptedRedis, tmp_path: Path) -> None:
    (found,) = examine_redis(settings_with(redis_url=server.url("worker", trusted=tmp_path / "none.pem")))
    assert found.level is Level.FIX
    assert "none.pem" in found.says


def test_a_wrong_password_is_refused(server: EncryptedRedis) -> None:
    (found,) = examine_redis(settings_with(redis_url=server.url("worker", password="0" * 32)))
    assert "check user and password" in found.says
