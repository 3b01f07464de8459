"""Backups taken in mid-campaign by deploy/postgres/backup.sh, restored, reconciled with the fake provider, sent on."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sending_desk import Mailing, open_desk
from shop_world import Shop, settings_with

from stack import ports
from stack.postgres import prepare_postgres
from stack.readiness import wait_until_ready
from system.mail import coordination
from system.mail.activity import Activity
from system.mail.witnesses import Witnesses
from system.pipeline.reconcile import Reconciliation
from system.settings import SendingAccount
from system.storage.database import new_engine
from system.storage.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from stack.account import Account
    from stack.postgres import Postgres
    from system.pipeline.reconcile import Week
    from system.pipeline.send import Report

pytestmark = pytest.mark.integration

SCRIPTS = Path(__file__).parents[3] / "deploy" / "postgres"
READY_S = 60.0


class Fake:
    """A fake SendGrid in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.api, self.management = re.findall(r"http://[\d.]+:\d+", process.stdout.readline())

    def users_mailed(self) -> list[int]:
        with urllib.request.urlopen(f"{self.management}/ledger?after=0") as answer:
            lines = [json.loads(line) for line in answer.read().splitlines()]
        return sorted(int(line["custom_args"]["user_id"]) for line in lines if line["kind"] == "accepted")


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Fake]:
    options = ["--port=0", "--management-port=0", f"--data-dir={tmp_path / 'fake'}", "--api-key=SG.test"]
    command = [sys.executable, "-m", "fake_sendgrid", *options, "--full-speed", "--flush-s=0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Fake(process)
        finally:
            process.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Open to the account that runs PostgreSQL for root."""
    made = Path(tempfile.mkdtemp(prefix="steadypost-backup-", dir="/var/tmp"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


def run_script(server: Postgres, name: str, *arguments: str, database: str, account: Account | None = None) -> str:
    if not (server.binaries / "pg_dump").exists():
        pytest.skip(f"no pg_dump beside the server in {server.binaries}")
    host = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "steadypost", "PGPASSWORD": server.password}
    done = subprocess.run(
        [SCRIPTS / name, *arguments],
        env={"PATH": f"{server.binaries}:{os.environ['PATH']}", "HOME": "/", **host, "PGDATABASE": database},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def send(mailing: Mailing, fake: Fake, *, limit: int | None = None) -> Report:
    async with open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=fake.api) as desk:
        return await mailing.sender(desk, limit=limit).run()


async def reconcile(mailing: Mailing, fake: Fake, now: datetime) -> list[Week]:
    account = SendingAccount(api_key="SG.test", api_url=fake.api)
    settings = settings_with(accounts={"default": account})
    async with Activity(account, settings) as record:
        with coordination.connect(mailing.redis_url, timeout_s=5) as connection:
            return await Reconciliation(
                engine=mailing.shop.engine,
                settings=settings,
                witnesses=Witnesses(connection),
                records={"default": record},
                now=now,
            ).run()


@contextmanager
def opened(mailing: Mailing, url: str) -> Iterator[Mailing]:
    """The same mailing in another database."""
    engine = new_engine(url, application="tests")
    yield Mailing(Shop(engine), mailing.redis_url, mailing.campaign_id)
    engine.dispose()


async def finish_the_restored(restored: Mailing, fake: Fake, *, locked: str) -> None:
    """Refused first; after the reconciliation everybody has one mail."""
    before = fake.users_mailed()
    refused = await send(restored, fake)
    assert (refused.accepted, refused.stopped) == (0, f"sending is locked: {locked}")
    assert fake.users_mailed() == before

    [week] = await reconcile(restored, fake, restored.shop.value("SELECT now()"))

    assert (week.accepted, week.held) == (10, 0)
    assert (await send(restored, fake)).accepted == 10
    assert fake.users_mailed() == sorted(row[0] for row in restored.shop.rows("SELECT id FROM users"))
    assert restored.shop.states() == {"accepted": 30}


@pytest.mark.anyio
@pytest.mark.parametrize("restored_by", ["restore.sh", "pg_restore alone"])
async def test_a_restored_dump_sends_nobody_a_second_mail(
    mailing: Mailing, fake: Fake, postgres_server: Postgres, folder: Path, restored_by: str
) -> None:
    database = str(mailing.shop.engine.url.database)
    mailing.add_ready(30)
    await send(mailing, fake, limit=10)
    backup = run_script(postgres_server, "backup.sh", "logical", str(folder), database=database)
    await send(mailing, fake, limit=10)
    said = run_script(postgres_server, "drill.sh", backup, database=database)
    assert re.match(r"30 users, 30 jobs, 0 events, the last at .+; sending locked; restored in [\d.]+ s$", said)

    restored = f"{database}_restored"
    if restored_by == "restore.sh":
        run_script(postgres_server, "restore.sh", "logical", backup, restored, database=database)
        locked = f"restored from {Path(backup).name}"
    else:
        restore_by_hand(postgres_server, backup, restored)
        locked = "this database is a restored copy of another one"
    try:
        with opened(mailing, postgres_server.url(restored)) as again:
            await finish_the_restored(again, fake, locked=locked)
    finally:
        postgres_server.drop_database(restored)


def restore_by_hand(server: Postgres, backup: str, database: str) -> None:
    server.create_database(database)
    target = f"host=127.0.0.1 port={server.port} user=steadypost password={server.password} dbname={database}"
    subprocess.run([server.binaries / "pg_restore", "--exit-on-error", f"--dbname={target}", backup], check=True)


@pytest.mark.anyio
async def test_a_restored_server_sends_nobody_a_second_mail(redis_url: str, fake: Fake, folder: Path) -> None:
    [port] = ports.find_ports(1, choice=random.SystemRandom())
    server = prepare_postgres(folder=folder / "first", port=port, password="test")
    with (server.data / "postgresql.conf").open("a") as conf:
        conf.write("wal_level = replica\nmax_wal_senders = 4\n")
    backups = folder / "backups"
    backups.mkdir()
    backups.chmod(0o777)
    with running(server):
        server.create_database("steadypost")
        upgrade(server.url("steadypost"))
        with opened(Mailing(None, redis_url, 1), server.url("steadypost")) as mailing:  # type: ignore[arg-type]  # only its Redis is taken
            mailing.shop.add_products()
            assert mailing.shop.add_campaign(mailing.shop.add_newsletter()) == mailing.campaign_id
            mailing.add_ready(30)
            await send(mailing, fake, limit=10)
            backup = run_script(
                server, "backup.sh", "base", str(backups), database="steadypost", account=server.account
            )
            await send(mailing, fake, limit=10)

    data = str(folder / "second")
    run_script(server, "restore.sh", "base", backup, data, database="steadypost", account=server.account)
    again = prepare_postgres(folder=Path(data), port=server.port, password="test")
    with running(again), opened(mailing, again.url("steadypost")) as restored:
        await finish_the_restored(restored, fake, locked=f"restored from {Path(backup).name}")


@contextmanager
def running(server: Postgres) -> Iterator[None]:
    account = server.account
    with subprocess.Popen(
        server.command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    ) as process:
        try:
            wait_until_ready(
                server.check, what="PostgreSQL", deadline_s=READY_S, is_alive=lambda: process.poll() is None
            )
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
