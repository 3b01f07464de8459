"""`steadypost doctor`: checks every setting and everything we depend on, and says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from system.errors import SteadypostError
from system.mail.signature import SignatureCheck
from system.preflight.broker import examine_broker
from system.preflight.device import examine_device
from system.preflight.finding import Finding, Level
from system.preflight.postgres import examine_postgres
from system.preflight.redis_server import examine_redis, examine_redis_broker
from system.recommender.model_folder import model_file
from system.recommender.onnx_runtime import installed_runtime
from system.recommender.rollout import usable_model
from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import new_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from system.settings import Settings
    from system.storage.campaigns import Newsletter

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FIX: "red"}


def doctor() -> None:
    """Check settings, PostgreSQL, Redis, broker, keys, model and newsletters."""
    settings = load_settings()
    findings = [finding for what, examine in EXAMINATIONS for finding in _guarded(what, examine, settings)]
    table = Table("what", "", "says")
    for finding in findings:
        table.add_row(finding.what, f"[{COLOURS[finding.level]}]{finding.level}[/]", escape(finding.says))
    Console().print(table)
    broken = dict.fromkeys(finding.what for finding in findings if finding.level is Level.FIX)
    if broken:
        Console(stderr=True).print(f"[red]error:[/] not ready: {', '.join(broken)}", soft_wrap=True)
        raise typer.Exit(1)


def _guarded(what: str, examine: Callable[[Settings], list[Finding]], settings: Settings) -> list[Finding]:
    try:
        return examine(settings)
    except (SteadypostError, SQLAlchemyError, OSError) as exc:
        lines = str(getattr(exc, "orig", exc)).strip().splitlines() or [type(exc).__name__]
        return [Finding(what=what, level=Level.FIX, says=lines[0])]


def _webhook(settings: Settings) -> list[Finding]:
    if not settings.webhook_public_keys and settings.environment == "development":
        return [Finding(what="webhook keys", level=Level.WARN, says="none: the web process won't start")]
    SignatureCheck(public_keys=settings.webhook_public_keys, max_age_s=settings.webhook_max_age_s)
    return [Finding(what="webhook keys", level=Level.OK, says=f"{len(settings.webhook_public_keys)}")]


def _model(settings: Settings) -> list[Finding]:
    from system.recommender.scorer import Scorer  # noqa: PLC0415  # ONNX Runtime is slow to import for the rest

    engine = new_engine(settings.database_url.get_secret_value(), application="steadypost doctor")
    try:
        with transaction(engine) as connection:
            version = usable_model(connection, folder=settings.model_folder)
    finally:
        engine.dispose()
    Scorer.load(model_file(settings.model_folder, version))
    return [Finding(what="model", level=Level.OK, says=f"version {version}")]


def _runtime(settings: Settings) -> list[Finding]:
    found = [Finding(what="ONNX Runtime", level=Level.OK, says=installed_runtime())]
    return found + examine_device(settings)


def _newsletters(settings: Settings) -> list[Finding]:
    engine = new_engine(settings.database_url.get_secret_value(), application="steadypost doctor")
    with transaction(engine) as connection:
        newsletters = campaigns.newsletters(connection)
    engine.dispose()
    found = list(_each(newsletters, settings))
    return found or [Finding(what="newsletters", level=Level.OK, says="none yet")]


def _each(newsletters: list[Newsletter], settings: Settings) -> Iterator[Finding]:
    for newsletter in newsletters:
        settings.account(newsletter.sending_account)
        fine = newsletter.time_zone in available_timezones()
        says = f"{newsletter.cron} in {newsletter.time_zone}{'' if fine else ': no such zone'}"
        yield Finding(what=f"newsletter {newsletter.name}", level=Level.OK if fine else Level.FIX, says=says)


EXAMINATIONS = (
    ("postgres", examine_postgres),
    ("redis", examine_redis),
    ("broker", examine_redis_broker),
    ("broker", examine_broker),
    ("webhook keys", _webhook),
    ("ONNX Runtime", _runtime),
    ("model", _model),
    ("newsletters", _newsletters),
)
