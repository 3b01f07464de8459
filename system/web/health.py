"""Tells supervisors and Prometheus how this process, and the system, does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError
from sqlalchemy import text

from system.errors import DependencyError
from system.web.database import DEADLINE_S

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy import Connection

    from system.web.database import WebDatabase
    from system.web.scrape import Scrape

READY = "ready"


def health_routes(*, database: WebDatabase, redis: Redis, scrape: Scrape) -> APIRouter:
    """`/healthz`: the process lives; `/readyz`: what it needs is there; `/metrics`."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> Response:
        return PlainTextResponse("alive\n")

    @router.get("/readyz")
    async def readyz() -> Response:
        database_says, redis_says = await asyncio.gather(_ask_database(database), _ask_redis(redis))
        parts = {"database": database_says, "redis": redis_says}
        return JSONResponse(parts, status_code=200 if set(parts.values()) == {READY} else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(await scrape.answer(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _ask_database(database: WebDatabase) -> str:
    try:
        await database.run(_select_one)
    except DependencyError as exc:
        return str(exc)
    return READY


def _select_one(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


async def _ask_redis(redis: Redis) -> str:
    try:
        async with asyncio.timeout(DEADLINE_S):  # the client's own timeout starts anew with each of its retries
            await redis.ping()
    except TimeoutError:
        return f"Redis gave no answer within {DEADLINE_S:g} s"
    except (RedisError, OSError) as exc:
        return f"Redis can't be used: {exc}"
    return READY
