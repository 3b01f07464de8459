"""One HTTP answer in the provider's shape: its headers, its error objects, its bytes."""

import time
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

import orjson

from fake_sendgrid.wire.request import Request

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html"

_COMMON = (
    b"access-control-allow-origin: https://sendgrid.api-docs.io\r\n"
    b"access-control-allow-methods: POST\r\n"
    b"access-control-allow-headers: Authorization, Content-Type, On-behalf-of, x-sg-elas-acl\r\n"
    b"access-control-max-age: 600\r\n"
    b"x-no-cors-reason: https://sendgrid.com/docs/Classroom/Basics/API/cors.html\r\n"
    b"strict-transport-security: max-age=31536000; includeSubDomains\r\n"
    b"content-security-policy: frame-ancestors 'none'\r\n"
    b"cache-control: no-cache\r\n"
    b"x-content-type-options: no-sniff\r\n"
    b"referrer-policy: strict-origin-when-cross-origin\r\n"
)
"""The header set of a captured reply (sendgrid-ruby issue 467, September 2025)."""


@dataclass(slots=True, frozen=True)
class Reply:
    """Status, body and the headers that differ from answer to answer."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the request did what it asked for."""
        return self.status < HTTPStatus.MULTIPLE_CHOICES

    def render(self, request: Request) -> bytes:
        """The answer's bytes, ready for the socket."""
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        connection = "keep-alive" if request.keep_alive and not self.close else "close"
        head = (
            f"HTTP/1.1 {self.status} {_phrase(self.status)}\r\nServer: nginx\r\nDate: {_date()}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n"
            f"Connection: {connection}\r\n{extra}"
        )
        return b"".join((head.encode("latin-1"), _COMMON, b"\r\n", self.body))


def plain_error(status: int, message: str, *, field: str | None = None) -> Reply:
    """One error as endpoints other than mail/send write it: two keys, no help."""
    return Reply(status, orjson.dumps({"errors": [{"field": field, "message": message}]}))


def error(status: int, message: str, *, field: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """One error with the three keys, in the order in which mail/send writes them."""
    return errors(status, [{"message": message, "field": field, "help": None}], headers=headers)


def errors(status: int, found: list[dict[str, str | None]], *, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Several errors in one answer."""
    return Reply(status, orjson.dumps({"errors": found}), headers=headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


_date_cache: tuple[int, str] = (0, "")


def _date() -> str:
    global _date_cache  # noqa: PLW0603 - one formatted date a second instead of one a request
    now_s = int(time.time())
    if _date_cache[0] != now_s:
        _date_cache = (now_s, formatdate(now_s, usegmt=True))
    return _date_cache[1]
