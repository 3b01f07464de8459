"""A web process as it is deployed, and a provider that signs its posts."""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stack.ports import find_ports
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

LINK_KEY = "0123456789abcdef" * 2
PUBLIC_URL = "https://mail.example.com"
SAMPLES = {
    "events": "steadypost_webhook_events_total",
    "answers": 'steadypost_webhook_response_seconds_count{result="stored"}',
    "repeated_unsubscriptions": 'steadypost_unsubscriptions_total{result="repeated"}',
}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Web:
    """A running web process."""

    port: int
    log: Path

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """One request on its own connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            shown = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, headers=shown, text=response.read().decode())
        finally:
            connection.close()

    def post(self, body: bytes, headers: dict[str, str]) -> Answer:
        """One webhook post."""
        return self.ask("POST", "/webhooks/sendgrid", body, headers)

    def metric(self, sample: str) -> float:
        """The value of one sample of /metrics, 0 when it isn't there."""
        for line in self.ask("GET", "/metrics").text.splitlines():
            if line.startswith(f"{sample} "):
                return float(line.rpartition(" ")[2])
        return 0.0

    @contextmanager
    def counting(self, **expected: float) -> Iterator[None]:
        """Asserts by how much samples grow; `stored=2` stands for the webhook posts with that result."""
        samples = {name: SAMPLES.get(name, f'steadypost_webhook_posts_total{{result="{name}"}}') for name in expected}
        before = {name: self.metric(sample) for name, sample in samples.items()}
        yield
        assert {name: self.metric(sample) - before[name] for name, sample in samples.items()} == expected

    def log_lines(self) -> list[dict[str, Any]]:
        """What the application has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@dataclass(frozen=True)
class Provider:
    """Holds the private key that the settings' public key belongs to."""

    key: ec.EllipticCurvePrivateKey

    @property
    def public_key(self) -> str:
        """As the provider shows it."""
        encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(self.key.public_key().public_bytes(encoding, form)).decode()

    def sign(self, body: bytes, *, at_s: float | None = None) -> dict[str, str]:
        """The headers of a genuine post."""
        timestamp = str(int(time.time() if at_s is None else at_s))
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "Content-Type": "application/json;charset=utf-8",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }


class StartWeb(Protocol):
    """Starts a web process for a `with` block."""

    def __call__(self, **settings: str) -> AbstractContextManager[Web]: ...


@contextmanager
def running_web(settings: dict[str, str], *, log: Path) -> Iterator[Web]:
    web = Web(port=find_ports(1, choice=random.SystemRandom())[0], log=log)
    with log.open("wb") as output:
        process = subprocess.Popen(granian(web.port), env=environment(settings), stdout=output, stderr=output)

    def check() -> None:
        try:
            web.ask("GET", "/healthz")
        except OSError as exc:
            raise NotReadyError(str(exc)) from exc

    try:
        wait_until_ready(check, what="the web process", deadline_s=30, is_alive=lambda: process.poll() is None)
        yield web
    finally:
        process.terminate()
        process.wait(timeout=20)


def granian(port: int) -> list[str]:
    program = Path(sys.executable).with_name("granian")
    return [str(program), "--interface", "asgi", "--port", str(port), "system.web.app:app"]


def environment(settings: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEADYPOST_")}
    return kept | {f"STEADYPOST_{name.upper()}": value for name, value in settings.items()}
