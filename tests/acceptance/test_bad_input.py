"""Whatever is wrong with what a person types or sets up: one message on stderr, an exit code, and nothing changed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from stack.environment import development_env, new_secrets
from system.storage.database import new_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.postgres import Postgres
    from stack.redis import RedisServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

NOBODY = "127.0.0.1:1"
DATABASE = "bad_input"
TABLES = ("users", "products", "orders", "newsletters", "campaigns", "email_jobs", "send_attempts")


@dataclass
class Desk:
    """A small shop with a trained model, and the command line in front of it."""

    env: dict[str, str]
    folder: Path

    @property
    def model(self) -> Path:
        [file] = Path(self.env["STEADYPOST_MODEL_FOLDER"]).glob("*.onnx")
        return file

    def steadypost(self, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        """Run it with some settings changed; None leaves one out."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("STEADYPOST_")}
        settings = self.env | {f"STEADYPOST_{name}": value for name, value in changes.items()}
        env = ours | {"COLUMNS": "250"} | {name: value for name, value in settings.items() if value is not None}
        program = [Path(sys.executable).with_name("steadypost"), *arguments]
        return subprocess.run(
            program, env=env, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )

    def contents(self) -> dict[str, int]:
        """How many rows each table has."""
        engine = new_engine(self.env["STEADYPOST_DATABASE_URL"])
        with engine.connect() as connection:
            counts = {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES}
        engine.dispose()
        return counts


@pytest.fixture(scope="module")
def desk(
    postgres_server: Postgres,
    _migrated_template: str,
    redis_server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    postgres_server.create_database(DATABASE, template=_migrated_template)
    env = development_env(
        database_url=postgres_server.url(DATABASE),
        redis_url=redis_server.url(15),
        provider_url=f"http://{NOBODY}",
        public_url=f"http://{NOBODY}",
        model_folder=folder / "models",
        secrets_of=new_secrets(),
    )
    desk = Desk(env, folder)
    for command in (("population", "generate", "--users", "80", "--products", "40", "--seed", "7"), ("model", "train")):
        done = desk.steadypost(*command)
        assert done.returncode == 0, done.stderr
    yield desk
    postgres_server.drop_database(DATABASE)


def assert_one_message(done: subprocess.CompletedProcess[str], *parts: str, code: int = 1) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1, done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.mark.parametrize(
    ("command", "parts", "code"),
    [
        ("campaign start nowhere", ("newsletter='nowhere' does not exist", "Known newsletters: weekly-recos"), 1),
        ("campaign start weekly-recos --week 2026-47", ("week='2026-47'", "2026-W"), 1),
        ("campaign start weekly-recos --week 2026-W60", ("week='2026-W60'",), 1),
        ("campaign pause weekly-recos --week 2020-W01 --reason x", ("week='2020-W01' has no campaign",), 1),
        ("preview 1 --newsletter nowhere", ("newsletter='nowhere' does not exist",), 1),
        ("slo-test --profile nonsense", ("--profile 'nonsense' is unknown", "smoke, ci, full"), 4),
    ],
)
def test_a_wrong_word_is_one_message_and_changes_nothing(
    desk: Desk, command: str, parts: tuple[str, ...], code: int
) -> None:
    before = desk.contents()
    assert_one_message(desk.steadypost(*command.split()), *parts, code=code)
    assert desk.contents() == before


def test_a_campaign_that_exists_is_named_and_left_alone(desk: Desk) -> None:
    first = desk.steadypost("campaign", "start", "weekly-recos", "--week", "2031-W01")
    assert first.returncode == 0, first.stderr
    before = desk.contents()
    second = desk.steadypost("campaign", "start", "weekly-recos", "--week", "2031-W01")
    assert_one_message(second, "week='2031-W01' has campaign", "campaign status weekly-recos --week 2031-W01")
    assert desk.contents() == before


def test_a_campaign_without_its_model_is_not_started(desk: Desk) -> None:
    before = desk.contents()
    start = ("campaign", "start", "weekly-recos", "--week", "2031-W02")
    assert_one_message(desk.steadypost(*start, MODEL_FOLDER="nowhere"), "nowhere", "steadypost model train")
    cut = desk.folder / "cut" / desk.model.name
    cut.parent.mkdir()
    cut.write_bytes(desk.model.read_bytes()[:-100])
    assert_one_message(
        desk.steadypost(*start, MODEL_FOLDER="cut"), str(Path("cut") / cut.name), "steadypost model train"
    )
    assert desk.contents() == before


def test_a_changed_byte_in_the_model_is_noticed(desk: Desk) -> None:
    changed = bytearray(desk.model.read_bytes())
    changed[len(changed) // 2] ^= 1
    broken = desk.folder / "changed" / desk.model.name
    broken.parent.mkdir()
    broken.write_bytes(changed)
    done = desk.steadypost("campaign", "start", "weekly-recos", "--week", "2031-W03", MODEL_FOLDER="changed")
    assert_one_message(done, str(Path("changed") / broken.name))


@pytest.mark.parametrize(
    "command",
    [
        "campaign start weekly-recos",
        "preview 1",
        "db upgrade",
        "model train",
        "population generate --users 5 --products 5",
    ],
)
def test_a_database_that_is_away_is_one_message(desk: Desk, command: str) -> None:
    url = f"postgresql+psycopg://me:s3cret@{NOBODY}/none"
    done = desk.steadypost(*command.split(), DATABASE_URL=url)
    assert_one_message(done, "PostgreSQL")
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"FROM_EMAIL": None}, ("STEADYPOST_FROM_EMAIL",)),
        ({"CLAIM_LEASE_S": "soon"}, ("STEADYPOST_CLAIM_LEASE_S",)),
        ({"CLAIM_LEASE_S": "11"}, ("claim_lease_s=11", "request_deadline_s=10")),
    ],
)
def test_a_wrong_setting_is_named(desk: Desk, changes: dict[str, str | None], parts: tuple[str, ...]) -> None:
    done = desk.steadypost("campaign", "status", "weekly-recos", **changes)
    assert_one_message(done, *parts, "docs/settings.md")


def test_the_doctor_finds_a_redis_that_is_away_and_checks_the_rest(desk: Desk) -> None:
    done = desk.steadypost("doctor", REDIS_URL=f"redis://{NOBODY}/0")
    assert_one_message(done, "not ready: redis, broker")
    assert [line for line in done.stdout.splitlines() if "schema" in line and "current" in line]


def test_a_campaign_may_be_started_while_the_broker_is_away(desk: Desk) -> None:
    done = desk.steadypost("campaign", "start", "weekly-recos", "--week", "2031-W04", REDIS_URL=f"redis://{NOBODY}/0")
    assert done.returncode == 0, done.stderr
    assert "the sweep will dispatch the campaign" in done.stderr
