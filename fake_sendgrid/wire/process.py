"""The wire process: a door, a loop, the ledger, and the line to the office."""

import asyncio
import base64
import contextlib
import gc
import signal
import socket
import time

import uvloop

from fake_sendgrid.channel import Channel, Message
from fake_sendgrid.options import Options
from fake_sendgrid.scopes import ALL_SCOPES
from fake_sendgrid.wire.acceptance import Acceptance
from fake_sendgrid.wire.account import Account
from fake_sendgrid.wire.api import Api
from fake_sendgrid.wire.bodies import Bodies
from fake_sendgrid.wire.desk import FrontDesk
from fake_sendgrid.wire.door import Door
from fake_sendgrid.wire.fault_rules import FaultRules
from fake_sendgrid.wire.latch import Latch
from fake_sendgrid.wire.latency import Latency
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.mail_send import MailSend
from fake_sendgrid.wire.orders import Orders
from fake_sendgrid.wire.rate_limit import RateLimit
from fake_sendgrid.wire.reply import Reply
from fake_sendgrid.wire.request import Request

DOOR_CHECK_S = 0.05


def run_wire(options: Options, *, listener: socket.socket, office: socket.socket) -> bool:
    """Serve until SIGTERM or SIGINT (returns True), or until the office is gone (returns False)."""
    return uvloop.run(_serve(options, listener=listener, office=office))


async def _serve(options: Options, *, listener: socket.socket, office: socket.socket) -> bool:
    wire = Wire(options, listener=listener, office=office)
    await wire.door.open()
    line = asyncio.ensure_future(wire.channel.run())
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    stop = asyncio.ensure_future(asked.wait())
    chores = [asyncio.ensure_future(chore) for chore in (wire.sync_ledger(), wire.end_idle(), wire.watch_door())]
    _calm_the_collector()
    await asyncio.wait((stop, line), return_when=asyncio.FIRST_COMPLETED)
    for chore in (*chores, stop, line):
        chore.cancel()
    wire.door.shut()
    wire.ledger.close()
    return asked.is_set()


def _calm_the_collector() -> None:
    """Long collections would delay reading: what lives now lives for ever, and young garbage is collected in bulk."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1000)


class Wire:
    """The parts of the wire process and its chores."""

    def __init__(self, options: Options, *, listener: socket.socket, office: socket.socket) -> None:
        self._options = options
        self.ledger = Ledger(options.ledger_path)
        self._bodies = Bodies(options.data_dir / "bodies", bound_bytes=options.kept_bodies_mb << 20)
        self._faults = FaultRules(options.seed)
        account = Account({options.api_key.get_secret_value(): frozenset(ALL_SCOPES)})
        latch = Latch()
        self._mail_send = MailSend(
            account=account,
            ledger=self.ledger,
            acceptance=Acceptance(ledger=self.ledger, bodies=self._bodies),
            limit=RateLimit(options.mails_per_s),
        )
        api = Api(
            account=account,
            mail_send=self._mail_send,
            faults=self._faults,
            latch=latch,
            ledger=self.ledger,
            forward=self._forward,
        )
        median_ms = 0.0 if options.full_speed else options.latency_ms
        self.desk = FrontDesk(
            answer=api.answer,
            ledger=self.ledger,
            write=self._write,
            latency=Latency(median_ms=median_ms, sigma=options.latency_sigma, seed=options.seed),
            sync_first=options.fsync == "always",
        )
        self.door = Door(desk=self.desk, listener=listener)
        orders = Orders(
            account=account,
            faults=self._faults,
            latch=latch,
            forget=self._forget,
            mind_the_door=self.mind_the_door,
            set_pace=self._set_pace,
        )
        self.channel = Channel(office, answer=orders.answer)

    def _write(self) -> None:
        self._bodies.write()
        self.ledger.write()

    def _forget(self) -> None:
        self.ledger.reset()
        self._bodies.reset()

    def _set_pace(self, message: Message) -> Message:
        if "latency_ms" in message:
            options = self._options
            self.desk.latency = Latency(median_ms=message["latency_ms"], sigma=options.latency_sigma, seed=options.seed)
        if "mails_per_s" in message:
            self._mail_send.limit = RateLimit(message["mails_per_s"])
        return {"ok": True}

    async def _forward(self, request: Request) -> Reply:
        """Let the office answer what is no mail."""
        answer = await self.channel.ask(
            {
                "op": "v3",
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "headers": request.headers,
                "body": base64.b64encode(request.body).decode(),
            }
        )
        return Reply(answer["status"], answer["body"].encode())

    async def mind_the_door(self) -> None:
        """Shut or open it as the faults say."""
        if not self._faults.refuses():
            await self.door.open()
        elif self.door.shut():
            self._faults.count_refusal()

    async def watch_door(self) -> None:
        """Open it again when a fault ends by itself."""
        while True:
            await asyncio.sleep(DOOR_CHECK_S)
            await self.mind_the_door()

    async def sync_ledger(self) -> None:
        """Reach the disk every fsync interval, on a thread."""
        while self._options.fsync == "interval":
            await asyncio.sleep(self._options.fsync_interval_s)
            if self.ledger.unsynced:
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(self.ledger.sync)

    async def end_idle(self) -> None:
        """Close connections whose client has fallen silent."""
        while True:
            await asyncio.sleep(5)
            for connection in tuple(self.desk.connections):
                connection.end_if_idle(now_s=time.monotonic())
