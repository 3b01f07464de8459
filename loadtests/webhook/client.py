"""Posts over kept-alive connections, as many at a time as are in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError

if TYPE_CHECKING:
    from loadtests.webhook.posts import Post

PATH: Final = "/webhooks/sendgrid"
TIMEOUT_S: Final = 10.0
"""The provider's own is not published; a post without an answer by then has failed."""

NO_ANSWER: Final = 0


class Client:
    """One receiver; `connections` must be at least what may be in flight, or posts would queue here unseen."""

    def __init__(self, url: str, *, connections: int, timeout_s: float = TIMEOUT_S) -> None:
        self._http = HTTPClient.from_url(
            url, concurrency=connections, connection_timeout=timeout_s, network_timeout=timeout_s
        )

    def post(self, post: Post) -> tuple[int, str | None]:
        """The status, or 0 and what went wrong; never raises."""
        try:
            try:
                return self._post(post), None
            except HTTPConnectionClosed:
                # The server had closed a kept connection just when it was used: any client opens another.
                return self._post(post), None
        except (OSError, HTTPParseError, HTTPConnectionClosed) as exc:
            return NO_ANSWER, f"{type(exc).__name__}: {exc}"

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _post(self, post: Post) -> int:
        response = self._http.request("POST", PATH, body=post.body, headers=post.headers)
        try:
            response.read()
        finally:
            response.release()
        return int(response.status_code)
