"""The back office as a whole: its parts, and the few things that concern several of them."""

import asyncio
import base64
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

from fake_sendgrid.channel import Channel, Message
from fake_sendgrid.office.account_book import ensure_key, tell_account
from fake_sendgrid.office.desk_thread import DeskThread
from fake_sendgrid.office.emitter import Emitter
from fake_sendgrid.office.intake import Intake
from fake_sendgrid.office.planner import Planner
from fake_sendgrid.office.postman import Postman
from fake_sendgrid.office.profile import FULL_SPEED, Profile
from fake_sendgrid.office.store import clear_account, write_number
from fake_sendgrid.office.v3.call import Answer
from fake_sendgrid.office.v3.router import Router
from fake_sendgrid.office.webhook_faults import CALM, WebhookFaults
from fake_sendgrid.office.webhooks import keep_webhook, make_webhook, read_webhooks
from fake_sendgrid.options import Options

IDLE_S = 0.02
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
DEFAULT_WEBHOOK = "default"


@dataclass(slots=True)
class Office:
    """What management speaks for."""

    options: Options
    thread: DeskThread
    intake: Intake
    planner: Planner
    emitter: Emitter
    postman: Postman
    router: Router
    wire: Channel

    @property
    def bodies(self) -> Path:
        """Where request bodies are kept."""
        return self.options.data_dir / "bodies"

    async def start(self) -> None:
        """Set up the account from the options and let the wire know it."""
        await self.thread.run(self._set_up)
        await self.tell_wire()

    def _set_up(self) -> None:
        store = self.emitter.store
        ensure_key(store, self.options.api_key.get_secret_value())
        if self.options.webhook_url is not None:
            url = self.options.webhook_url
            keep_webhook(store, make_webhook(url, enabled=True, signed=True, identity=DEFAULT_WEBHOOK))
        self.emitter.webhooks = read_webhooks(store)

    async def tell_wire(self) -> None:
        """After every change of the account."""
        await self.wire.ask(await self.thread.run(lambda: tell_account(self.emitter.store)))

    async def work(self) -> None:
        """Follow the ledger, plan and emit, for ever."""
        while True:
            if not await self.thread.run(self._take_turn):
                await asyncio.sleep(IDLE_S)

    def _take_turn(self) -> bool:
        now_s = time.time()
        read = self.intake.read_chunk()
        planned = self.planner.plan_due(now_s=now_s, clock_scale=self.emitter.clock_scale)
        return bool(self.emitter.emit_due(now_s=now_s) or planned or read)

    async def answer_wire(self, message: Message) -> Message:
        """A v3 request that the wire passes on."""
        changing = message["method"] in _CHANGING
        answer = await self.thread.run(lambda: self._answer_v3(message))
        if changing:
            await self.tell_wire()
        body = "" if answer.body is None else orjson.dumps(answer.body).decode()
        return {"status": answer.status, "body": body}

    def _answer_v3(self, message: Message) -> Answer:
        if message["path"].startswith("/v3/messages"):
            self.intake.catch_up()
        answer = self.router.answer(message, body=base64.b64decode(message["body"]), now_s=time.time())
        self.emitter.webhooks = read_webhooks(self.emitter.store)
        return answer

    async def reset(self) -> None:
        """Forget mails, events, faults, suppressions, templates and webhooks beside the command line's."""
        await self.wire.ask({"op": "reset"})
        await self.thread.run(self._forget)
        await self.tell_wire()

    def _forget(self) -> None:
        self.intake.reset()
        clear_account(self.emitter.store)
        self.emitter.shuffle.counts.clear()
        self._set_up()

    async def set_full_speed(self, *, on: bool) -> None:
        """The one switch: no latency, no event delays, no bounces, no nastiness; or everything as by default."""
        self.planner.profile = FULL_SPEED if on else Profile()
        self.emitter.shuffle.faults = CALM if on else WebhookFaults()
        await self.wire.ask({"op": "set_pace", "latency_ms": 0.0 if on else self.options.latency_ms})

    def set_clock_scale(self, scale: float) -> None:
        """Move everything that is pending along with the clock; on the database thread."""
        store, now_s = self.emitter.store, time.time()
        ratio = self.emitter.clock_scale / scale
        for table in ("mails", "held", "outbox"):
            sql = f"UPDATE {table} SET due = ? + (due - ?) * ? WHERE due > ?"  # noqa: S608 - names from this line
            store.execute(sql, (now_s, now_s, ratio, now_s))
        self.emitter.clock_scale = scale
        write_number(store, "clock_scale", scale)
