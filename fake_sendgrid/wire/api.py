"""The v3 API's front: which request is answered by whom, and what a fault or the latch does to it."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson

from fake_sendgrid.faults import Fault, FaultRule
from fake_sendgrid.wire.account import Account
from fake_sendgrid.wire.fault_rules import FaultRules
from fake_sendgrid.wire.latch import Latch
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.mail_path import MAIL_SEND_PATH
from fake_sendgrid.wire.mail_send import MailSend
from fake_sendgrid.wire.misbehaviour import refuse_first, spoil, tell_refusal
from fake_sendgrid.wire.outcome import Ending, Outcome
from fake_sendgrid.wire.packed_body import unpack_body
from fake_sendgrid.wire.reply import Reply
from fake_sendgrid.wire.request import Request
from fake_sendgrid.wire.v3_limit import V3Limit

Forward = Callable[[Request], Awaitable[Reply]]


class Api:
    """Answers every request of the wire port; what is not mail is answered by the office."""

    def __init__(
        self,
        *,
        account: Account,
        mail_send: MailSend,
        faults: FaultRules,
        latch: Latch,
        ledger: Ledger,
        forward: Forward,
    ) -> None:
        self._account = account
        self._mail_send = mail_send
        self._faults = faults
        self._latch = latch
        self._ledger = ledger
        self._forward = forward
        self._v3_limit = V3Limit()

    def answer(self, request: Request) -> Outcome | Awaitable[Outcome]:
        """Mail without faults is answered at once; everything else may take time."""
        unpack_body(request)
        rule = self._pick(request)
        if self._latch.wants(request):
            self._latch.close_behind()
            return self._hold(request, rule, after=self._latch.after)
        if rule is not None:
            return self._refuse(request, rule) or self._misbehave(request, rule)
        if request.path == MAIL_SEND_PATH:
            return Outcome(self._mail_send.answer(request))
        return self._answer_other(request)

    def _pick(self, request: Request) -> FaultRule | None:
        rule = self._faults.pick(request)
        if rule is not None:
            told = {"rule": rule.name, "fault": rule.fault.value, "path": request.path}
            self._ledger.add("fault", received_ns=request.received_ns, **told)
        return rule

    def _refuse(self, request: Request, rule: FaultRule) -> Outcome | None:
        outcome = refuse_first(rule)
        if outcome is not None and outcome.ending is Ending.ANSWER and request.path == MAIL_SEND_PATH:
            message = f"fault rule {rule.name}"
            self._ledger.add(
                "rejected", received_ns=request.received_ns, message=message, **tell_refusal(outcome.reply)
            )
        return outcome

    async def _misbehave(self, request: Request, rule: FaultRule) -> Outcome:
        if rule.fault is Fault.LATE_ACCEPT:
            await asyncio.sleep(rule.delay_s)
        return spoil(rule, await self._answer_honestly(request, lost=rule.fault is Fault.LOSE))

    async def _answer_honestly(self, request: Request, *, lost: bool = False) -> Reply:
        if request.path == MAIL_SEND_PATH:
            return self._mail_send.answer(request, lost=lost)
        return (await self._answer_other(request)).reply

    async def _answer_other(self, request: Request) -> Outcome:
        limited = self._v3_limit.count(request)
        reply = limited or await self._forward(request)
        return Outcome(self._v3_limit.label(request, reply))

    async def _hold(self, request: Request, rule: FaultRule | None, *, after: bool) -> Outcome:
        reply = await self._answer_honestly(request) if after else None
        if after:
            self._ledger.write()
        ending = await self._latch.hold(_tell(request, reply))
        if ending is not Ending.ANSWER:
            return Outcome(reply or Reply(503), ending)
        if rule is not None and not after:
            return self._refuse(request, rule) or await self._misbehave(request, rule)
        return Outcome(reply or await self._answer_honestly(request))


def _tell(request: Request, reply: Reply | None) -> dict[str, object]:
    try:
        personalizations = orjson.loads(request.body)["personalizations"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        personalizations = None
    status = reply.status if reply else None
    message_id = dict(reply.headers).get("X-Message-Id") if reply else None
    return {"path": request.path, "personalizations": personalizations, "status": status, "message_id": message_id}
