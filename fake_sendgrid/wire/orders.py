"""What the office may order the wire to do."""

from collections.abc import Awaitable, Callable

from fake_sendgrid.channel import Message
from fake_sendgrid.faults import FaultRule
from fake_sendgrid.wire.account import Account
from fake_sendgrid.wire.fault_rules import FaultRules
from fake_sendgrid.wire.latch import Latch
from fake_sendgrid.wire.outcome import Ending


class Orders:
    """Each order is a method of this name; all answer with an object."""

    def __init__(
        self,
        *,
        account: Account,
        faults: FaultRules,
        latch: Latch,
        forget: Callable[[], None],
        mind_the_door: Callable[[], Awaitable[None]],
        set_pace: Callable[[Message], Message],
    ) -> None:
        self._account = account
        self._faults = faults
        self._latch = latch
        self._forget = forget
        self._mind_the_door = mind_the_door
        self._set_pace = set_pace

    async def answer(self, message: Message) -> Message:
        """Carry out `message["op"]`."""
        return await _ORDERS[message["op"]](self, message)

    async def ping(self, _message: Message) -> Message:
        """Say that the wire answers."""
        return {"ok": True}

    async def reset(self, _message: Message) -> Message:
        """Empty the ledger, forget the bodies, end faults and latch."""
        self._faults.clear()
        self._latch.release(Ending.ANSWER)
        await self._mind_the_door()
        self._forget()
        return {"ok": True}

    async def learn(self, message: Message) -> Message:
        """Know the account."""
        self._account.learn(message)
        return {"ok": True}

    async def put_fault(self, message: Message) -> Message:
        """Put a rule in force."""
        self._faults.put(FaultRule.model_validate(message["rule"]))
        await self._mind_the_door()
        return {"faults": self._faults.show()}

    async def remove_fault(self, message: Message) -> Message:
        """End one rule, or all when `name` is None."""
        name = message["name"]
        removed = True
        if name is None:
            self._faults.clear()
        else:
            removed = self._faults.remove(name)
        await self._mind_the_door()
        return {"removed": removed}

    async def show_faults(self, _message: Message) -> Message:
        """The rules with their counts."""
        return {"faults": self._faults.show()}

    async def arm_latch(self, message: Message) -> Message:
        """Hold the next mail request."""
        self._latch.arm(after=message["after"])
        return {"armed": True}

    async def show_latch(self, message: Message) -> Message:
        """What is held, waiting for it if asked to."""
        held = await self._latch.wait_for_held(message["wait_s"])
        return {"armed": self._latch.armed, "held": held}

    async def release_latch(self, message: Message) -> Message:
        """Let go."""
        return {"released": self._latch.release(Ending[message["ending"].upper()])}

    async def set_pace(self, message: Message) -> Message:
        """Change latency and rate limit."""
        return self._set_pace(message)


_ORDERS: dict[str, Callable[[Orders, Message], Awaitable[Message]]] = {
    name: order for name, order in vars(Orders).items() if not name.startswith("_") and name != "answer"
}
