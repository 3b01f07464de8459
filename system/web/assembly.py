"""Puts the web application together from settings."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from system import error_reports, tracing
from system.mail.links import UnsubscribeLinks
from system.mail.signature import SignatureCheck
from system.web.database import DEADLINE_S, WebDatabase
from system.web.health import health_routes
from system.web.intake import Intake
from system.web.nudge import Nudge
from system.web.request_context import RequestContext
from system.web.scrape import Scrape
from system.web.security import SecurityHeaders
from system.web.sources import Sources
from system.web.unsubscribe import unsubscribe_routes
from system.web.webhook import webhook_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi.telemetry import TelemetryConfig

    from system.settings import Settings

NO_TELEMETRY: Final[TelemetryConfig] = {"auto_configure": False, "tracing": False, "metrics": False, "logs": False}
"""FastAPI's own spans and logs hold the path, which in an unsubscribe link is a secret of the recipient's."""


def create_app(settings: Settings, *, enqueue: Callable[[list[int]], int]) -> FastAPI:
    """The application; `enqueue` hands inbox ids to the tracking workers. SettingsError when a key is unusable."""
    check = SignatureCheck(public_keys=settings.webhook_public_keys, max_age_s=settings.webhook_max_age_s)
    links = UnsubscribeLinks(
        keys=[key.get_secret_value() for key in settings.link_keys], public_url=settings.public_url
    )
    database = WebDatabase(settings.database_url.get_secret_value())
    redis = settings.redis.connect_async(timeout_s=DEADLINE_S)
    nudge, sources = Nudge(enqueue), Sources(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        nudging = asyncio.create_task(nudge.run())
        yield
        nudging.cancel()
        with suppress(asyncio.CancelledError):
            await nudging
        await database.close()
        await redis.aclose()
        await asyncio.to_thread(sources.close)
        await asyncio.to_thread(tracing.flush)

    app = FastAPI(title="Steadypost", lifespan=lifespan, openapi_url=None, telemetry=NO_TELEMETRY)
    app.add_middleware(SecurityHeaders)
    error_reports.watch(app)
    app.add_middleware(RequestContext)  # the last added is the outermost
    app.include_router(
        webhook_routes(check=check, intake=Intake(database), nudge=nudge, max_bytes=settings.webhook_max_bytes)
    )
    app.include_router(unsubscribe_routes(links=links, database=database, brand=settings.from_name))
    app.include_router(health_routes(database=database, redis=redis, scrape=Scrape(sources)))
    return app
