"""Posts signed batches to the webhook as the provider does."""

import time
from dataclasses import dataclass

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec

from fake_sendgrid.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

TIMEOUT_S = 10.0
"""The real timeout is not published."""


@dataclass(slots=True)
class Poster:
    """One receiver; a redirect counts as a failure, as with the real one."""

    session: aiohttp.ClientSession
    key: ec.EllipticCurvePrivateKey
    signed: bool = True

    async def post(self, url: str, body: bytes) -> bool:
        """Whether the receiver answered 2xx."""
        try:
            async with self.session.post(
                url,
                data=body,
                headers=self._headers(body),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(TIMEOUT_S),
            ) as answer:
                await answer.read()
                return answer.ok and answer.status < 300  # noqa: PLR2004 - 2xx
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json;charset=utf-8", "User-Agent": "SendGrid Event API"}
        if self.signed:
            timestamp = str(int(time.time()))
            headers[SIGNATURE_HEADER] = sign(self.key, timestamp=timestamp, body=body)
            headers[TIMESTAMP_HEADER] = timestamp
        return headers
