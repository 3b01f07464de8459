"""The scheduler against real sockets: what a stall of the server looks like from outside."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import gevent
import pytest

from loadtests.webhook.arrivals import Arrival, Share
from loadtests.webhook.client import Client
from loadtests.webhook.clock import Clock
from loadtests.webhook.posts import Post, plain_headers
from loadtests.webhook.recorder import Recorder, Request, percentile
from loadtests.webhook.walk import Walk
from slo_reports.columns import COLUMNS
from slo_reports.run_folder import REQUESTS, RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit

STALL_S = 0.6


class Server(ThreadingHTTPServer):
    daemon_threads = True
    stalled_until_s = 0.0
    taken = 0

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(max(0.0, self.server.stalled_until_s - time.monotonic()))
        self.server.taken += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def evenly(count: int, *, gap_s: float) -> Iterator[Arrival]:
    return (Arrival(number * gap_s, "provider", "hold") for number in range(count))


def make(arrival: Arrival, *, at_s: float) -> Post:
    return Post(user=arrival.user, body=b"[%d]" % int(at_s), headers=plain_headers(), events=1)


def walk(server: Server, arrivals: Iterator[Arrival], *, cap: int = 100) -> tuple[Walk, list[Request], Client]:
    noted: list[Request] = []
    client = Client(f"http://127.0.0.1:{server.server_port}", connections=cap, timeout_s=5)
    walker = Walk(
        arrivals,
        clock=Clock(),
        share=Share(seed=1),
        make=make,
        send=client.post,
        note=noted.append,
        in_flight_cap=cap,
    )
    return walker, noted, client


def run(server: Server, arrivals: Iterator[Arrival], *, cap: int = 100) -> list[Request]:
    walker, noted, client = walk(server, arrivals, cap=cap)
    walker.run()
    walker.stop(deadline_s=5)
    client.close()
    return noted


def test_every_arrival_is_sent_at_its_instant_and_answered(server: Server) -> None:
    requests = run(server, evenly(50, gap_s=0.01))

    assert [request.status for request in requests] == [204] * 50
    assert server.taken == 50
    assert sorted(request.number for request in requests) == list(range(50))
    assert all((request.sent_s or 0) >= request.arrival.due_s for request in requests)


def test_a_stall_is_felt_by_every_post_that_was_due_in_it(server: Server) -> None:
    server.stalled_until_s = time.monotonic() + STALL_S
    requests = run(server, evenly(100, gap_s=0.01))
    times = sorted(request.response_ms for request in requests)

    # A client that waits for answers would have sent one post in the stall, and called the other 99 fast.
    assert (percentile(times, 0.99) or 0) > 0.9 * STALL_S * 1000
    assert sum(response_ms > 100 for response_ms in times) >= 30


def test_posts_leave_in_time_while_others_wait_for_answers(server: Server) -> None:
    server.stalled_until_s = time.monotonic() + STALL_S
    requests = run(server, evenly(30, gap_s=0.01))

    assert all((request.sent_s or 9) < STALL_S for request in requests)


def test_what_is_too_much_in_flight_is_dropped_and_noted(server: Server) -> None:
    server.stalled_until_s = time.monotonic() + STALL_S
    requests = run(server, evenly(20, gap_s=0.01), cap=5)
    dropped = [request for request in requests if request.dropped]

    assert len(requests) == 20
    assert len(dropped) == 15
    assert {(request.status, request.error) for request in dropped} == {(0, "5 posts were in flight")}


def test_nobody_at_home_is_an_error_and_not_an_exception() -> None:
    with serving() as gone:
        pass
    requests = run(gone, evenly(3, gap_s=0.01))

    assert [request.status for request in requests] == [0] * 3
    assert all("refused" in (request.error or "") for request in requests)


def test_what_is_unanswered_when_the_load_stops_is_noted(server: Server) -> None:
    server.stalled_until_s = time.monotonic() + 5 * STALL_S
    walker, noted, client = walk(server, evenly(1_000, gap_s=0.01))
    walking = gevent.spawn(walker.run)
    gevent.sleep(0.1)
    walker.stop(deadline_s=0.05)
    walking.join(timeout=2)
    client.close()

    assert noted
    assert {request.error for request in noted} == {"no answer when the load was stopped"}


def test_a_line_has_exactly_the_fields_of_the_run_folder(server: Server, tmp_path: Path) -> None:
    requests = run(server, evenly(2, gap_s=0.01))
    recorder = Recorder(tmp_path / REQUESTS, clock=Clock())
    for request in requests:
        recorder.note(request)
    recorder.close()
    lines = list(RunFolder(tmp_path).lines(REQUESTS))

    assert [list(line) for line in lines] == [list(COLUMNS[REQUESTS])] * 2
    assert all(line["intended_at"] <= line["sent_at"] <= line["done_at"] for line in lines)


def test_the_live_numbers_are_those_of_the_last_seconds(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / REQUESTS, clock=Clock())
    post = make(Arrival(0.0, "provider", "hold"), at_s=0.0)
    for done_s in (-60.0, 0.001, 0.002, 0.003):
        arrival = Arrival(done_s - 0.001, "provider", "hold")
        recorder.note(Request(number=0, arrival=arrival, post=post, sent_s=done_s, done_s=done_s, status=204))
    live = recorder.live()
    recorder.close()

    assert live["p99_ms"] == pytest.approx(1.0)
    assert live["posts_per_s"] * 3 == pytest.approx(live["events_per_s"] * 3)


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(value) for value in range(1, 101)]

    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0)) == (50.0, 99.0, 100.0)
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.01) == 7.0
