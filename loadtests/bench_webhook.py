"""Measures how many webhook events the web process takes in, and how fast it answers, in an open model.

    STEADYPOST_DATABASE_URL=… python -m loadtests.bench_webhook --events-per-s 500 --events-per-s 5000

All other settings of the environment apply too; the signing key is made up and given to the web process.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import aiohttp
import typer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_DEADLINE_S = 30.0
WARM_UP_POSTS = 100


@dataclass
class Result:
    """What one run at one rate showed."""

    wanted_events_per_s: float
    seconds: float
    statuses: dict[str, int] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)
    events: int = 0

    def note(self, outcome: str, *, since_s: float, events: int) -> None:
        """Count one post; its latency runs from the moment it was due, so that waiting is not left out."""
        self.statuses[outcome] = self.statuses.get(outcome, 0) + 1
        self.latencies_ms.append((time.perf_counter() - since_s) * 1000)
        self.events += events if outcome == "204" else 0

    def line(self) -> str:
        """The result as one line."""
        ordered = sorted(self.latencies_ms)
        p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.50, 0.99))
        return (
            f"{self.wanted_events_per_s:8.0f} events/s wanted  {self.events / self.seconds:8.0f} taken in  "
            f"{len(ordered) / self.seconds:6.1f} posts/s  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  "
            f"max {ordered[-1]:7.1f} ms  {self.statuses}"
        )


class Signer:
    """Makes posts as the provider does: events joined by CRLF, ECDSA over timestamp and body."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """Base64 of the DER key, as the settings want it."""
        encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(self._key.public_key().public_bytes(encoding, form)).decode()

    def post(self, *, events: int, rng: random.Random) -> tuple[bytes, dict[str, str]]:
        """Body and headers of one post, unlike any other."""
        body = ("[" + ",\r\n".join(_event(rng) for _ in range(events)) + "]\r\n").encode()
        timestamp = str(int(time.time()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return body, {
            "Content-Type": "application/json;charset=utf-8",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }


def bench(
    events_per_s: Annotated[list[float], typer.Option(help="Rate of one run; give it several times.")],
    seconds: float = 20.0,
    events_per_post: int = 50,
    workers: Annotated[int, typer.Option(help="Granian's worker processes.")] = 1,
    seed: int = 1,
) -> None:
    """Start the web process, post at each rate, print one line per rate."""
    signer = Signer()
    print(
        f"seed {seed}, {events_per_post} events a post, {workers} web worker(s), {seconds:g} s a rate after a warm-up"
    )
    with _web_process(public_key=signer.public_key, workers=workers) as url:
        _warm_up(url, signer, rng=random.Random(seed))
        for rate in events_per_s:
            rng = random.Random(f"{seed}/{rate}")
            count = max(1, round(rate / events_per_post * seconds))
            posts = [signer.post(events=events_per_post, rng=rng) for _ in range(count)]
            result = Result(wanted_events_per_s=rate, seconds=seconds)
            asyncio.run(_run(url, posts, events_per_post=events_per_post, result=result))
            print(result.line(), flush=True)


def _warm_up(url: str, signer: Signer, *, rng: random.Random) -> None:
    # Opens the database connections; what a deployment costs once is not what a post costs.
    posts = [signer.post(events=1, rng=rng) for _ in range(WARM_UP_POSTS)]
    asyncio.run(_run(url, posts, events_per_post=1, result=Result(wanted_events_per_s=0, seconds=1)))


async def _run(url: str, posts: list[tuple[bytes, dict[str, str]]], *, events_per_post: int, result: Result) -> None:
    began_s = time.perf_counter()
    gap_s = result.seconds / len(posts)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session,
        asyncio.TaskGroup() as group,
    ):
        for number, (body, headers) in enumerate(posts):
            due_s = began_s + number * gap_s
            await asyncio.sleep(due_s - time.perf_counter())
            group.create_task(_post(session, url, body, headers, due_s=due_s, events=events_per_post, result=result))
    result.seconds = time.perf_counter() - began_s


async def _post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    due_s: float,
    events: int,
    result: Result,
) -> None:
    try:
        async with session.post(f"{url}/webhooks/sendgrid", data=body, headers=headers) as response:
            outcome = str(response.status)
    except aiohttp.ClientError as exc:
        outcome = type(exc).__name__
    result.note(outcome, since_s=due_s, events=events)


def _event(rng: random.Random) -> str:
    return json.dumps(
        {
            "email": f"user{rng.randrange(10**6)}@example.com",
            "event": rng.choice(["processed", "delivered", "delivered", "open", "click"]),
            "timestamp": int(time.time()),
            "sg_event_id": rng.randbytes(16).hex(),
            "sg_message_id": f"{rng.randbytes(12).hex()}.recvd-67fdc7b4d6-wbpn9-1-666CAB97-15.0",
            "smtp-id": f"<{rng.randbytes(12).hex()}@ismtpd>",
            "category": ["weekly"],
            "campaign_id": "1",
            "job_id": str(rng.randrange(10**6)),
            "attempt_id": str(uuid.UUID(bytes=rng.randbytes(16))),
            "response": "250 2.0.0 OK",
        },
        separators=(",", ":"),
    )


@contextmanager
def _web_process(*, public_key: str, workers: int) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = str(Path(sys.executable).with_name("granian"))
    process = subprocess.Popen(
        [program, "--interface", "asgi", "--workers", str(workers), "--port", str(port), "system.web.app:app"],
        env=os.environ | {"STEADYPOST_WEBHOOK_PUBLIC_KEYS": json.dumps([public_key])},
    )
    try:
        asyncio.run(_wait_until_alive(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


async def _wait_until_alive(url: str) -> None:
    async with asyncio.timeout(READY_DEADLINE_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    response.raise_for_status()
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
            else:
                return


if __name__ == "__main__":
    typer.run(bench)
