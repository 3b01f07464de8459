"""How fast the fake SendGrid is: `python -m loadtests.bench_fake [single bulk events jitter memory soak]`."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
import uvloop

from loadtests.bench_fake_client import Client, Receiver
from loadtests.bench_fake_process import Fake, measure, run_fake

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

HTML_BYTES = 6_000
PERSONALIZATIONS = 1_000
CONNECTIONS = 32
CAMPAIGN_PER_S = 99.3
EVENT_MAILS_PER_S = 12_000
"""Mails laid in for each second of the event benchmark: two events each."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; figures are per second of wall clock and per second of the process's own CPU time."""

    what: str
    target: str
    per_wall_s: float
    per_cpu_s: float
    note: str = ""


def _mail(recipients: int) -> bytes:
    people = [
        {"to": [{"email": f"user{n}@example.com"}], "custom_args": {"campaign_id": "bench", "user_id": str(n)}}
        for n in range(recipients)
    ]
    html = "<p>" + "x" * HTML_BYTES + "</p>"
    content = [{"type": "text/plain", "value": "x" * 200}, {"type": "text/html", "value": html}]
    mail = {"personalizations": people, "from": {"email": "news@example.com"}, "subject": "Hello", "content": content}
    return json.dumps(mail).encode()


async def bench_single(seconds: float) -> Row:
    """One mail a request, 6 KB HTML, validation and ledger on."""
    with run_fake() as fake:
        client = Client(fake.api_port, _mail(1), connections=CONNECTIONS)
        with measure(fake.wire) as spent:
            done = await client.run(seconds)
        return Row("single-mail requests/s", "3,000", done / spent.wall_s, done / spent.cpu_s)


async def bench_bulk(seconds: float) -> Row:
    """1,000 personalizations a request."""
    with run_fake() as fake:
        client = Client(fake.api_port, _mail(PERSONALIZATIONS), connections=4)
        with measure(fake.wire) as spent:
            done = await client.run(seconds) * PERSONALIZATIONS
        return Row("recipients/s, 1,000 a request", "30,000", done / spent.wall_s, done / spent.cpu_s)


async def bench_events(seconds: float) -> Row:
    """Signed batches to a receiver that only counts, while the office works off mails that came faster."""
    async with Receiver() as receiver:
        with run_fake(f"--webhook-url={receiver.url}") as fake:
            client = Client(fake.api_port, _mail(PERSONALIZATIONS), connections=4)
            await client.run_until(round(seconds * EVENT_MAILS_PER_S / PERSONALIZATIONS))
            before, began_s = receiver.events, time.perf_counter()
            with measure(fake.office) as spent:
                await _work_off(fake)
            events, wall_s = receiver.events - before, receiver.last_s - began_s
            note = f"{events:,} events in {receiver.posts:,} signed posts"
            return Row("webhook events/s", "20,000", events / wall_s, events / spent.cpu_s, note)


async def _work_off(fake: Fake) -> None:
    """Wait until every event has been told and posted."""
    while fake.ask("/summary")["events_pending"]:  # noqa: ASYNC110 - the fake knows, and only when asked
        await asyncio.sleep(0.5)


async def bench_jitter(seconds: float) -> Row:
    """How long after sending the fake says it received, at the pace of a campaign of 100 mails a second."""
    with run_fake() as fake:
        client = Client(fake.api_port, _mail(1), connections=CONNECTIONS)
        with measure(fake.wire) as spent:
            sent_ns = await client.run_timed(round(seconds * CAMPAIGN_PER_S), per_s=CAMPAIGN_PER_S)
        lags = sorted((at - sent) / 1e6 for at, sent in zip(fake.receipts_ns(), sent_ns, strict=True))
        p50_ms, p99_ms, max_ms = lags[len(lags) // 2], lags[len(lags) * 99 // 100], lags[-1]
        note = f"receipt after sending: p50 {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms, max {max_ms:.2f} ms"
        return Row(
            f"receipt lag at {CAMPAIGN_PER_S:g}/s", "< 1-2 ms", len(lags) / spent.wall_s, len(lags) / spent.cpu_s, note
        )


async def bench_memory(mails: int) -> Row:
    """Resident memory of both processes while so many mails are accepted, and their events told."""
    async with Receiver() as receiver:
        with run_fake(f"--webhook-url={receiver.url}") as fake:
            client = Client(fake.api_port, _mail(PERSONALIZATIONS), connections=2)
            steps = []
            with measure(fake.wire) as spent:
                for _ in range(10):
                    await client.run_until(mails // 10 // PERSONALIZATIONS)
                    steps.append(_tell_memory(fake))
            await _work_off(fake)
            steps.append(_tell_memory(fake))
            note = f"wire {steps[0][0]} → {steps[-1][0]} MB, office {steps[0][1]} → {steps[-1][1]} MB"
            return Row(f"memory over {mails:,} mails", "flat", mails / spent.wall_s, mails / spent.cpu_s, note)


def _tell_memory(fake: Fake) -> tuple[int, int]:
    wire, office = (process.memory_info().rss >> 20 for process in (fake.wire, fake.office))
    print(f"  accepted {fake.ask('/summary')['accepted']:>9,}: wire {wire} MB, office {office} MB", flush=True)
    return wire, office


async def bench_soak(minutes: float) -> Row:
    """200 requests a second with the default latency; memory once a minute."""
    async with Receiver() as receiver:
        with run_fake(f"--webhook-url={receiver.url}", full_speed=False) as fake:
            client = Client(fake.api_port, _mail(1), connections=100)
            steps = []
            with measure(fake.wire) as spent:
                for _ in range(max(2, round(minutes))):
                    await client.run_paced(60.0, per_s=200)
                    steps.append(_tell_memory(fake))
            note = f"wire {steps[0][0]} → {steps[-1][0]} MB, office {steps[0][1]} → {steps[-1][1]} MB"
            done = client.done
            return Row(
                f"soak of {minutes:g} min at 200 requests/s", "flat", done / spent.wall_s, done / spent.cpu_s, note
            )


def main(
    parts: Annotated[
        list[str] | None, typer.Argument(help="single bulk events jitter memory soak; the first four by default")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="how long each of the rates is measured")] = 8.0,
    mails: Annotated[int, typer.Option(min=10_000, help="mails of the memory run")] = 1_000_000,
    minutes: Annotated[float, typer.Option(min=1, help="length of the soak")] = 20.0,
) -> None:
    """Measure and print one table."""
    benches: dict[str, Callable[[], Coroutine[None, None, Row]]] = {
        "single": lambda: bench_single(seconds),
        "bulk": lambda: bench_bulk(seconds),
        "events": lambda: bench_events(seconds),
        "jitter": lambda: bench_jitter(seconds),
        "memory": lambda: bench_memory(mails),
        "soak": lambda: bench_soak(minutes),
    }
    chosen = parts or ["single", "bulk", "events", "jitter"]
    unknown = [part for part in chosen if part not in benches]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(benches)}")
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, load drawn from this machine too")
    rows = [uvloop.run(benches[part]()) for part in chosen]
    print(f"| {'what':<38} | target | per second | per CPU second | note |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.what:<38} | {row.target} | {row.per_wall_s:,.0f} | {row.per_cpu_s:,.0f} | {row.note} |")


if __name__ == "__main__":
    typer.run(main)
