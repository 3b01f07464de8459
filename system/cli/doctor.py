"""`steadypost doctor`: checks every setting and everything we depend on, and says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import redis
import typer
from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from system.errors import SteadypostError
from system.mail import coordination
from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import new_engine, transaction
from system.storage.schema import pending_revision

if TYPE_CHECKING:
    from collections.abc import Callable

    from system.settings import Settings

MIN_POSTGRES = 150_000


@dataclass(frozen=True)
class Finding:
    """One checked thing: fine, or what to do."""

    what: str
    fine: bool
    says: str


def doctor() -> None:
    """Check settings, PostgreSQL, Redis, broker, model and newsletters."""
    settings = load_settings()
    findings = [
        finding for check in (_postgres, _redis, _broker, _model, _newsletters) for finding in _guarded(check, settings)
    ]
    table = Table("what", "", "says")
    for finding in findings:
        table.add_row(finding.what, "[green]ok[/]" if finding.fine else "[red]fix[/]", finding.says)
    Console().print(table)
    broken = [finding.what for finding in findings if not finding.fine]
    if broken:
        Console(stderr=True).print(f"[red]error:[/] not ready: {', '.join(broken)}", soft_wrap=True)
        raise typer.Exit(1)


def _guarded(check: Callable[[Settings], list[Finding]], settings: Settings) -> list[Finding]:
    name = check.__name__.strip("_")
    try:
        return check(settings)
    except (SteadypostError, OperationalError, redis.RedisError, BrokerError, OSError) as exc:
        lines = str(getattr(exc, "orig", exc)).strip().splitlines() or [type(exc).__name__]
        return [Finding(name, fine=False, says=lines[0])]


def _postgres(settings: Settings) -> list[Finding]:
    engine = new_engine(settings.database_url.get_secret_value(), application="steadypost doctor")
    with transaction(engine) as connection:
        version = connection.execute(text("SHOW server_version_num")).scalar_one()
        shown = connection.execute(text("SHOW server_version")).scalar_one()
        fsync = connection.execute(text("SHOW fsync")).scalar_one()
        commit = connection.execute(text("SHOW synchronous_commit")).scalar_one()
    behind = pending_revision(engine)
    return [
        Finding("postgres", fine=int(version) >= MIN_POSTGRES, says=f"version {shown} (15 or newer is needed)"),
        Finding(
            "durability",
            fine=fsync == "on" and commit != "off",
            says=f"fsync={fsync}, synchronous_commit={commit}: an intent that a crash undoes would be sent twice",
        ),
        Finding(
            "schema", fine=behind is None, says=f"run `steadypost db upgrade` to {behind}" if behind else "current"
        ),
    ]


def _redis(settings: Settings) -> list[Finding]:
    with coordination.connect(settings.redis_url.get_secret_value(), timeout_s=settings.socket_timeout_s) as connection:
        version = connection.info("server")["redis_version"]
        memory = connection.info("memory")
    policy = memory.get("maxmemory_policy", "noeviction")
    return [
        Finding("redis", fine=True, says=f"version {version}"),
        Finding(
            "eviction",
            fine=policy == "noeviction" or not memory.get("maxmemory"),
            says=f"maxmemory-policy {policy}: any other than noeviction drops whole queues when memory is short",
        ),
    ]


def _broker(settings: Settings) -> list[Finding]:
    with Celery(broker=settings.broker).connection_for_write(connect_timeout=settings.socket_timeout_s) as connection:
        connection.ensure_connection(max_retries=1, timeout=int(settings.socket_timeout_s))
        return [Finding("broker", fine=True, says=connection.as_uri())]


def _model(settings: Settings) -> list[Finding]:
    from system.recommender.scorer import Scorer  # noqa: PLC0415  # ONNX Runtime is slow to import for the rest

    return [Finding("model", fine=True, says=f"version {Scorer.load(settings.model_path).version}")]


def _newsletters(settings: Settings) -> list[Finding]:
    engine = new_engine(settings.database_url.get_secret_value(), application="steadypost doctor")
    with transaction(engine) as connection:
        newsletters = campaigns.newsletters(connection)
    findings = []
    for newsletter in newsletters:
        settings.account(newsletter.sending_account)
        fine = newsletter.time_zone in available_timezones()
        says = f"{newsletter.cron} in {newsletter.time_zone}"
        findings.append(
            Finding(f"newsletter {newsletter.name}", fine=fine, says=says if fine else f"{says}: no such zone")
        )
    return findings or [Finding("newsletters", fine=True, says="none yet")]
