"""The office process: the store, the event loops and the management server."""

import asyncio
import os
import socket

import aiohttp
import uvicorn

from fake_sendgrid.channel import Channel, Message
from fake_sendgrid.office.clerk import POSTS_IN_FLIGHT, Clerk
from fake_sendgrid.office.emitter import Emitter
from fake_sendgrid.office.intake import Intake
from fake_sendgrid.office.management import Office, make_management
from fake_sendgrid.office.poster import Poster
from fake_sendgrid.office.profile import FULL_SPEED, Profile
from fake_sendgrid.office.store import open_store
from fake_sendgrid.options import Options
from fake_sendgrid.signing import load_or_make_key


def run_office(options: Options, *, listener: socket.socket, wire: socket.socket) -> None:
    """Serve until the wire process is gone or a signal arrives."""
    asyncio.run(_serve(options, listener=listener, wire=wire))


async def _serve(options: Options, *, listener: socket.socket, wire: socket.socket) -> None:
    channel = Channel(wire, answer=_answer_wire)
    connector = aiohttp.TCPConnector(limit=POSTS_IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:
        clerk = _make_clerk(options, session)
        office = Office(clerk=clerk, wire=channel, ledger_path=options.ledger_path)
        config = uvicorn.Config(
            make_management(office), log_level="warning", access_log=False, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        line = asyncio.ensure_future(channel.run())
        line.add_done_callback(_end_at_once)
        chores = [asyncio.ensure_future(clerk.emit()), asyncio.ensure_future(clerk.post())]
        await server.serve(sockets=[listener])
        for chore in (*chores, line):
            chore.cancel()
        await asyncio.gather(*chores, line, return_exceptions=True)
        await clerk.stop()


def _make_clerk(options: Options, session: aiohttp.ClientSession) -> Clerk:
    store = open_store(options.data_dir / "office.sqlite")
    emitter = Emitter(
        store=store,
        profile=FULL_SPEED if options.full_speed else Profile(),
        seed=options.seed,
        flush_s=options.flush_s,
        flush_bytes=options.flush_bytes,
        clock_scale=options.clock_scale,
    )
    return Clerk(
        intake=Intake(ledger_path=options.ledger_path, store=store),
        emitter=emitter,
        poster=Poster(session=session, key=load_or_make_key(options.signing_key_path)),
        webhook_url=options.webhook_url,
        retry_first_s=options.retry_first_s,
        retry_cap_s=options.retry_cap_s,
    )


def _end_at_once(line: asyncio.Future[None]) -> None:
    """The wire process is gone: free the port for its successor now; the store survives a kill."""
    if not line.cancelled():
        os._exit(0)


async def _answer_wire(message: Message) -> Message:
    del message
    return {"status": 404, "body": '{"errors":[{"field":null,"message":"not found"}]}'}
