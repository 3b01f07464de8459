"""`steadypost db`: the schema, and whether this database may send."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import redis
import typer

from system.errors import DependencyError
from system.mail import coordination
from system.mail.activity import Activity
from system.mail.witnesses import Witnesses
from system.pipeline.epoch import REMEDY, why_locked
from system.pipeline.forget import forget_old_weeks
from system.pipeline.reconcile import Reconciliation
from system.settings import load_settings
from system.storage import epochs
from system.storage.database import process_engine, transaction
from system.storage.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from system.pipeline.reconcile import Week

app = typer.Typer(no_args_is_help=True, help="The database: its schema, and whether it may send.")


@app.callback()
def _group() -> None:
    """The database: its schema, and whether it may send."""


@app.command(name="upgrade")
def upgrade_schema() -> None:
    """Bring the schema to the newest revision."""
    head = upgrade(load_settings().database_url.get_secret_value())
    typer.echo(f"schema is at revision {head}")


@app.command()
def lock(reason: Annotated[str, typer.Option(help="What whoever finds it locked should know.")]) -> None:
    """Let nothing be sent until `reconcile`; after every restore that restore.sh did not make."""
    with transaction(process_engine()) as connection:
        changed = epochs.lock_sending(connection, reason=reason)
    typer.echo("sending is locked" if changed else "sending was locked already")


@app.command()
def epoch() -> None:
    """Say whether this database may send; exits with 1 when it may not."""
    with _witnesses() as witnesses:
        reason = why_locked(process_engine(), witnesses)
    if reason:
        raise DependencyError(f"sending is locked: {reason}. {REMEDY}")
    typer.echo("sending is open")


@app.command()
def reconcile(
    *,
    hold: Annotated[
        bool, typer.Option("--hold", help="Ask nobody: whatever may have been sent is never sent again.")
    ] = False,
) -> None:
    """Make a restored database fit to send: ask the provider what it accepted since the backup.

    Stop the workers first, and wait until the provider's activity shows its newest mails.
    """
    weeks = asyncio.run(_reconcile(hold=hold))
    for week in weeks:
        typer.echo(f"{week.newsletter} {week.week_key}: {week.accepted:,} sent already, {week.held:,} held")
    typer.echo("sending is open")


@app.command()
def retention(
    keep_weeks: Annotated[int, typer.Option(help="How many weeks a campaign's rows stay after its end.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
) -> None:
    """Remove the rows of old campaigns and the posts that were applied; safe at any time, also while mails go out."""
    forgotten = forget_old_weeks(process_engine(), keep_weeks=keep_weeks, dry_run=dry_run)
    for name in forgotten.campaigns:
        typer.echo(f"{'would forget' if dry_run else 'forgot'} {name}")
    for name in forgotten.busy:
        typer.echo(f"{name} is busy; the next run tries again", err=True)
    typer.echo(f"{forgotten.posts:,} posts {'would be removed' if dry_run else 'removed'}")


async def _reconcile(*, hold: bool) -> list[Week]:
    settings = load_settings()
    async with AsyncExitStack() as stack:
        records = {
            name: await stack.enter_async_context(Activity(account, settings))
            for name, account in ({} if hold else settings.accounts).items()
        }
        with _witnesses() as witnesses:
            return await Reconciliation(
                engine=process_engine(),
                settings=settings,
                witnesses=witnesses,
                records=None if hold else records,
                now=datetime.now(UTC),
            ).run()


@contextmanager
def _witnesses() -> Iterator[Witnesses]:
    settings = load_settings()
    with coordination.connect(settings.redis_url.get_secret_value(), timeout_s=settings.socket_timeout_s) as connection:
        try:
            yield Witnesses(connection)
        except redis.RedisError as exc:
            raise DependencyError(f"Redis can't be used: {exc}. It remembers which mails were sent last.") from None
