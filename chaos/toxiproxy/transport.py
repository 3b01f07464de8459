"""What toxiproxy-python sends its requests with: bounded in time, complete in its errors, and written down.

The library calls `requests` by name and knows no timeout, so this takes that name's place while a call of ours runs.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import requests
import toxiproxy.api
from toxiproxy.api import APIConsumer

from chaos.toxiproxy.errors import StuckError, ToxiproxyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slo_reports.run_folder import Outcome

HOST: Final = "127.0.0.1"
ACTOR: Final = "toxiproxy"


class Note(Protocol):
    """The form of `RunFolder.note`, which makes the history the audit log."""

    def __call__(
        self, actor: str, kind: Outcome, f: str, *, value: Mapping[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Write one line."""
        ...


class Transport:
    """One server's control port; several may be used side by side, from several threads."""

    # The library keeps host and port on a class: two servers in one process would answer for each other.
    _library: Final = threading.RLock()

    def __init__(self, *, port: int, note: Note, timeout_s: float) -> None:
        self._port = port
        self._note = note
        self._timeout_s = timeout_s

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Inside, the library speaks to this server and through this transport."""
        with self._library:
            before = (toxiproxy.api.requests, APIConsumer.host, APIConsumer.port)
            toxiproxy.api.requests, APIConsumer.host, APIConsumer.port = (self, HOST, self._port)
            try:
                yield
            finally:
                toxiproxy.api.requests, APIConsumer.host, APIConsumer.port = before

    def get(self, *, url: str, params: Mapping[str, str] | None = None) -> requests.Response:
        """As `requests.get`."""
        return self._send("GET", url, params=params)

    def post(self, *, url: str, data: object = None, json: object = None) -> requests.Response:
        """As `requests.post`; the library sends nothing but JSON."""
        assert data is None
        return self._send("POST", url, json=json)

    def delete(self, *, url: str) -> requests.Response:
        """As `requests.delete`."""
        return self._send("DELETE", url)

    def _send(self, method: str, url: str, *, json: Any = None, params: Any = None) -> requests.Response:
        call = f"{method} {urlsplit(url).path}"
        began = time.monotonic()
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy for the internet doesn't lead to this machine
                response = session.request(method, url, json=json, params=params, timeout=self._timeout_s)
        except requests.RequestException as exc:
            self._write(call, "info", json, began, error=str(exc))
            raise StuckError(f"Toxiproxy on port {self._port} gave no answer to {call}: {exc}") from None
        problem = _problem(response)
        self._write(call, "fail" if problem else "ok", json, began, error=problem)
        if response.status_code == requests.codes.service_unavailable:
            raise StuckError(f"Toxiproxy on port {self._port} gave up on {call}: {problem}")
        if problem:
            raise ToxiproxyError(f"Toxiproxy refused {call}: {problem}")
        return response

    def _write(self, call: str, kind: Outcome, body: Any, began: float, *, error: str | None) -> None:
        took_ms = round((time.monotonic() - began) * 1000, 1)
        self._note(ACTOR, kind, call, value={"port": self._port, "body": body, "took_ms": took_ms}, error=error)


def _problem(response: requests.Response) -> str | None:
    if response.ok:
        return None
    try:
        said = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        said = response.text.strip()
    return f"{response.status_code} {said}".strip()
