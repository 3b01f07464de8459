"""The wire process: a socket, a loop, the ledger, and the line to the office."""

import asyncio
import contextlib
import gc
import signal
import socket
import time

import uvloop

from fake_sendgrid.channel import Channel, Message
from fake_sendgrid.options import Options
from fake_sendgrid.wire.account import ALL_SCOPES, Account
from fake_sendgrid.wire.api import Api
from fake_sendgrid.wire.bodies import Bodies
from fake_sendgrid.wire.connection import Connection
from fake_sendgrid.wire.desk import FrontDesk
from fake_sendgrid.wire.latency import Latency
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.mail_send import MailSend
from fake_sendgrid.wire.rate_limit import RateLimit


def run_wire(options: Options, *, listener: socket.socket, office: socket.socket) -> None:
    """Serve until SIGTERM, SIGINT or the end of the office; raises ChannelClosedError on the last."""
    uvloop.run(_serve(options, listener=listener, office=office))


async def _serve(options: Options, *, listener: socket.socket, office: socket.socket) -> None:
    wire = Wire(options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(wire.desk), sock=listener, backlog=4096)
    channel = asyncio.ensure_future(Channel(office, answer=wire.answer_office).run())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    channel.add_done_callback(lambda _: stop.set())
    chores = [asyncio.ensure_future(wire.sync_ledger()), asyncio.ensure_future(wire.end_idle_connections())]
    _calm_the_collector()
    await stop.wait()
    for chore in (*chores, channel):
        chore.cancel()
    server.close()
    wire.ledger.close()


def _calm_the_collector() -> None:
    """Long collections would delay reading: what lives now lives for ever, and young garbage is collected in bulk."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1000)


class Wire:
    """The parts of the wire process and its chores."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.ledger = Ledger(options.ledger_path)
        self._bodies = Bodies(options.data_dir / "bodies", bound_bytes=options.kept_bodies_mb << 20)
        account = Account({options.api_key.get_secret_value(): frozenset(ALL_SCOPES)})
        mail_send = MailSend(
            account=account, ledger=self.ledger, bodies=self._bodies, limit=RateLimit(options.mails_per_s)
        )
        median_ms = 0.0 if options.full_speed else options.latency_ms
        self.desk = FrontDesk(
            answer=Api(account=account, mail_send=mail_send).answer,
            ledger=self.ledger,
            write=self._write,
            draw_latency_s=Latency(median_ms=median_ms, sigma=options.latency_sigma, seed=options.seed).draw_s,
            sync_first=options.fsync == "always",
        )

    async def answer_office(self, message: Message) -> Message:
        """What the office may ask for."""
        if message["op"] == "reset":
            self.ledger.reset()
            self._bodies.reset()
        return {"ok": True}

    def _write(self) -> None:
        self._bodies.write()
        self.ledger.write()

    async def sync_ledger(self) -> None:
        """Reach the disk every fsync interval, on a thread."""
        while self._options.fsync == "interval":
            await asyncio.sleep(self._options.fsync_interval_s)
            if self.ledger.unsynced:
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(self.ledger.sync)

    async def end_idle_connections(self) -> None:
        """Close connections whose client has fallen silent."""
        while True:
            await asyncio.sleep(5)
            for connection in tuple(self.desk.connections):
                connection.end_if_idle(now_s=time.monotonic())
