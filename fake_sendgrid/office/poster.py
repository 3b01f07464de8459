"""Posts signed batches to the webhook as the provider does, or as its enemies do."""

import time
from dataclasses import dataclass, field

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec

from fake_sendgrid.office.webhook_faults import EventShuffle
from fake_sendgrid.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, make_key, sign

TIMEOUT_S = 10.0
"""The real timeout is not published."""
_FORGED = (
    b'[{"email":"forged@example.com","event":"delivered","sg_event_id":"forged","sg_message_id":"forged.0",'
    b'"timestamp":1700000000}]\r\n'
)
_BAD_EVENT = b'[null,\r\n{"event":"delivered","timestamp":"not a number"},\r\n'


@dataclass(slots=True)
class Poster:
    """One receiver; a redirect counts as a failure, as with the real one."""

    session: aiohttp.ClientSession
    key: ec.EllipticCurvePrivateKey
    shuffle: EventShuffle
    _wrong_key: ec.EllipticCurvePrivateKey = field(default_factory=make_key)

    async def post(self, url: str, body: bytes, *, signed: bool, first_try: bool) -> bool:
        """Whether the receiver took the true batch; faults bite on the first try only."""
        bites = self.shuffle.bites if first_try else _never
        if bites("bad_event"):
            body = _BAD_EVENT + body[1:]
        if bites("wrong_key"):
            await self._send(url, body, _label(body, self._wrong_key))
            return False
        headers = _label(body, self.key if signed else None)
        if bites("tamper"):
            await self._send(url, body.replace(b'"event":"', b'"event":"x-', 1), headers)
            return False
        taken = await self._send(url, body, headers)
        if bites("replay"):
            await self._send(url, body, headers)
        if bites("forge"):
            await self._send(url, _FORGED, _label(_FORGED, self._wrong_key))
        return taken

    async def _send(self, url: str, body: bytes, headers: dict[str, str]) -> bool:
        timeout = aiohttp.ClientTimeout(TIMEOUT_S)
        try:
            async with self.session.post(
                url, data=body, headers=headers, allow_redirects=False, timeout=timeout
            ) as answer:
                await answer.read()
                return 200 <= answer.status < 300  # noqa: PLR2004 - 2xx
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
            return False


def _never(_name: str) -> bool:
    return False


def _label(body: bytes, key: ec.EllipticCurvePrivateKey | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json;charset=utf-8", "User-Agent": "SendGrid Event API"}
    if key is not None:
        timestamp = str(int(time.time()))
        headers[SIGNATURE_HEADER] = sign(key, timestamp=timestamp, body=body)
        headers[TIMESTAMP_HEADER] = timestamp
    return headers
