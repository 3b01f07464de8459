"""The latch: hold the next mail request, tell who asks, let it go on command."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from fake_sendgrid.wire.mail_path import MAIL_SEND_PATH
from fake_sendgrid.wire.outcome import Ending
from fake_sendgrid.wire.request import Request


@dataclass(slots=True)
class Latch:
    """Armed for one request; `after` holds it once accepted, otherwise before."""

    armed: bool = False
    after: bool = False
    held: dict[str, Any] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _release: asyncio.Future[Ending] | None = None

    def arm(self, *, after: bool) -> None:
        """Hold the next mail request."""
        self.armed, self.after = True, after

    def wants(self, request: Request) -> bool:
        """Whether this request is the one to hold."""
        return self.armed and self._release is None and request.path == MAIL_SEND_PATH

    async def hold(self, told: dict[str, Any]) -> Ending:
        """Hold until released; returns how to end."""
        self._release = asyncio.get_running_loop().create_future()
        self.held = told
        self._tell()
        try:
            return await self._release
        finally:
            self.held = self._release = None

    def close_behind(self) -> None:
        """The request to hold has come; further ones pass."""
        self.armed = False

    def release(self, ending: Ending) -> bool:
        """Let the held request go; False when none is held. Also disarms."""
        self.armed = False
        if self._release is None or self._release.done():
            return False
        self._release.set_result(ending)
        return True

    async def wait_for_held(self, wait_s: float) -> dict[str, Any] | None:
        """The held request, waiting for one if need be; None when none came."""
        if self.held is None and wait_s > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), wait_s)
            except TimeoutError:
                return None
        return self.held

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
