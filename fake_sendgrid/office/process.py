"""The office process: the store, the event loops and the management server."""

import asyncio
import os
import socket

import aiohttp
import uvicorn

from fake_sendgrid.channel import Channel, Message
from fake_sendgrid.office.desk_thread import DeskThread
from fake_sendgrid.office.emitter import Emitter
from fake_sendgrid.office.intake import Intake
from fake_sendgrid.office.links import make_link_finder
from fake_sendgrid.office.management import make_management
from fake_sendgrid.office.office import Office
from fake_sendgrid.office.planner import Planner
from fake_sendgrid.office.poster import Poster
from fake_sendgrid.office.postman import POSTS_IN_FLIGHT, Postman
from fake_sendgrid.office.profile import FULL_SPEED, Profile
from fake_sendgrid.office.store import open_store
from fake_sendgrid.office.v3.router import Router
from fake_sendgrid.office.webhook_faults import CALM, EventShuffle, WebhookFaults
from fake_sendgrid.options import Options
from fake_sendgrid.signing import load_or_make_key, show_public_key


def run_office(options: Options, *, listener: socket.socket, wire: socket.socket) -> None:
    """Serve until the wire process is gone or a signal arrives."""
    asyncio.run(_serve(options, listener=listener, wire=wire))


async def _serve(options: Options, *, listener: socket.socket, wire: socket.socket) -> None:
    connector = aiohttp.TCPConnector(limit=POSTS_IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:
        office = make_office(options, session=session, wire=wire)
        line = asyncio.ensure_future(office.wire.run())
        line.add_done_callback(_end_at_once)
        await office.start()
        config = uvicorn.Config(
            make_management(office), log_level="warning", access_log=False, timeout_graceful_shutdown=1
        )
        chores = [asyncio.ensure_future(chore) for chore in (office.work(), office.postman.run())]
        for chore in chores:
            chore.add_done_callback(_fail_loudly)
        await uvicorn.Server(config).serve(sockets=[listener])
        for task in (*chores, line):
            task.cancel()
        await asyncio.gather(*chores, line, return_exceptions=True)
        office.thread.stop()


def make_office(options: Options, *, session: aiohttp.ClientSession, wire: socket.socket) -> Office:
    """Put the parts together."""
    store = open_store(options.data_dir / "office.sqlite")
    key = load_or_make_key(options.signing_key_path)
    shuffle = EventShuffle(CALM if options.full_speed else WebhookFaults(), seed=options.seed)
    thread = DeskThread()
    emitter = Emitter(
        store=store,
        shuffle=shuffle,
        find_link=make_link_finder(options.data_dir / "bodies"),
        flush_s=options.flush_s,
        flush_bytes=options.flush_bytes,
        clock_scale=options.clock_scale,
    )

    async def answer(message: Message) -> Message:
        return await office.answer_wire(message)

    office = Office(
        options=options,
        thread=thread,
        intake=Intake(ledger_path=options.ledger_path, store=store),
        planner=Planner(store=store, profile=FULL_SPEED if options.full_speed else Profile(), seed=options.seed),
        emitter=emitter,
        postman=Postman(
            thread=thread,
            emitter=emitter,
            poster=Poster(session=session, key=key, shuffle=shuffle),
            retry_first_s=options.retry_first_s,
            retry_cap_s=options.retry_cap_s,
        ),
        router=Router(store=store, public_key=show_public_key(key)),
        wire=Channel(wire, answer=answer),
    )
    return office


def _end_at_once(line: asyncio.Future[None]) -> None:
    """The wire process is gone: free the port for its successor now; the store survives a kill."""
    if not line.cancelled():
        os._exit(0)


def _fail_loudly(chore: asyncio.Future[None]) -> None:
    """A chore never ends by itself: without it the fake would be silently broken."""
    if not chore.cancelled():
        asyncio.get_running_loop().call_exception_handler(
            {"message": "fake_sendgrid: the office cannot go on", "exception": chore.exception()}
        )
        os._exit(1)
