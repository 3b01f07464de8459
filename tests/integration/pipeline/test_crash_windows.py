"""A worker that dies at exactly one place: what stays on disk, what the provider has, and where the job ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scripted_provider import Hangs, accepts, scripted_provider
from shop_world import settings_with

from system.pipeline.sweep import Room, sweep
from system.pipeline.track import apply_posts

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted_provider import ScriptedProvider
    from sending_desk import Mailing

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

TESTS = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("mortal_worker.py")
KILLED = -9
DEADLINE_S = 60


@dataclass
class World:
    """One ready job, and workers that may die on it."""

    mailing: Mailing
    database_url: str
    orders: Path
    job_id: int

    def order(self, place: str, do: str = "kill") -> None:
        (self.orders / place).write_text(json.dumps({"do": do, "after": 0}))

    async def work(self, provider: ScriptedProvider) -> asyncio.subprocess.Process:
        arguments = [self.database_url, self.mailing.redis_url, provider.url, self.mailing.campaign_id, self.orders]
        env = {**os.environ, "PYTHONPATH": str(TESTS)}
        return await asyncio.create_subprocess_exec(sys.executable, str(WORKER), *map(str, arguments), env=env)

    async def end_of(self, worker: asyncio.subprocess.Process) -> int:
        async with asyncio.timeout(DEADLINE_S):
            return await worker.wait()

    @property
    def state(self) -> str:
        return self.mailing.shop.state(self.job_id)

    @property
    def attempts(self) -> int:
        return int(self.mailing.shop.value("SELECT count(*) FROM send_attempts"))

    def let_time_pass(self, column: str) -> None:
        """The lease or the deadline is over, and the sweep has come by."""
        self.mailing.shop.rows(f"UPDATE email_jobs SET {column} = now() - interval '1 day'")
        sweep(
            self.mailing.shop.engine,
            settings=settings_with(resolution_deadline_s=60),
            room=Room(ml=True, emails=True),
            breaker_is_open=lambda _: False,
        )

    def tell(self, kind: str) -> None:
        """The provider's webhook says what became of the mail."""
        attempt_id = self.mailing.shop.value("SELECT id::text FROM send_attempts")
        event = {
            "event": kind,
            "timestamp": 1_763_283_600,
            "sg_event_id": kind,
            "sg_message_id": "message-of-the-provider.recvd-1",
            "campaign_id": str(self.mailing.campaign_id),
            "job_id": str(self.job_id),
            "attempt_id": attempt_id,
        }
        statement = "INSERT INTO webhook_inbox (digest, body) VALUES (:digest, :body) RETURNING id"
        body = json.dumps([event]).encode()
        inbox_id = self.mailing.shop.value(statement, digest=uuid.uuid4().bytes, body=body)
        apply_posts(self.mailing.shop.engine, inbox_ids=[inbox_id])


@pytest.fixture
def world(mailing: Mailing, database_url: str, tmp_path: Path) -> World:
    return World(mailing, database_url, tmp_path, mailing.add_ready(1)[0])


async def die(world: World, place: str, does: Callable[..., Any]) -> int:
    """A worker dies at the place, and a second one finds what it left; how many mails the provider has seen."""
    world.order(place)
    async with scripted_provider(does) as provider:
        assert await world.end_of(await world.work(provider)) == KILLED
        assert await world.end_of(await world.work(provider)) == 0
        return len(provider.mails)


async def test_w0_a_worker_that_dies_before_its_intent_costs_nothing(world: World) -> None:
    assert await die(world, "before_intent", lambda _: accepts()) == 0
    assert (world.state, world.attempts) == ("claimed", 0)
    world.let_time_pass("lease_until")
    assert world.state == "ready"
    async with scripted_provider() as provider:
        assert await world.end_of(await world.work(provider)) == 0
        assert len(provider.mails) == 1
    assert world.state == "accepted"


async def test_w1_a_worker_that_dies_after_its_intent_loses_the_mail_and_never_doubles_it(world: World) -> None:
    assert await die(world, "after_intent", lambda _: accepts()) == 0
    assert (world.state, world.attempts) == ("sending", 1)
    world.let_time_pass("lease_until")
    assert world.state == "unknown"
    world.let_time_pass("updated_at")
    assert world.state == "indeterminate"


async def test_w2_bytes_that_nobody_accepted_are_not_sent_again(world: World) -> None:
    assert await die(world, "after_bytes", lambda _: Hangs()) == 1
    assert (world.state, world.attempts) == ("sending", 1)
    world.let_time_pass("lease_until")
    world.let_time_pass("updated_at")
    assert world.state == "indeterminate"


@pytest.mark.parametrize("place", ["after_bytes", "before_record"], ids=["w3", "w4"])
async def test_w3_and_w4_what_the_provider_accepted_is_known_by_its_events(world: World, place: str) -> None:
    assert await die(world, place, lambda _: accepts()) == 1
    assert (world.state, world.attempts) == ("sending", 1)
    world.let_time_pass("lease_until")
    assert world.state == "unknown"
    world.tell("processed")
    assert world.state == "accepted"


async def test_w5_a_redelivered_batch_finds_its_mail_accepted(world: World) -> None:
    assert await die(world, "after_record", lambda _: accepts()) == 1
    assert (world.state, world.attempts) == ("accepted", 1)


async def test_w6_an_event_that_overtakes_the_answer_is_not_undone_by_it(world: World) -> None:
    world.order("before_record", do="hold")
    async with scripted_provider() as provider:
        worker = await world.work(provider)
        async with asyncio.timeout(DEADLINE_S):
            while not (marks := list(world.orders.glob("before_record.*"))):  # noqa: ASYNC110  # another process makes it
                await asyncio.sleep(0.05)
        world.tell("delivered")
        assert world.state == "delivered"
        marks[0].unlink()
        assert await world.end_of(worker) == 0
        assert len(provider.mails) == 1
    assert world.state == "delivered"
    assert world.mailing.shop.value("SELECT outcome FROM send_attempts") == "accepted"
    assert world.mailing.shop.value("SELECT sendgrid_msg_id FROM email_jobs") == "message-of-the-provider"
