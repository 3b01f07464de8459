"""What a run folder keeps of the provider's ledger: a week's mails of whatever campaign, and no address."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.provider import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@contextmanager
def a_provider(*lines: dict[str, Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def accepted(seq: int, *, campaign_id: str = "1", week_key: str = "2026-W47") -> dict[str, Any]:
    own = {"campaign_id": campaign_id, "week_key": week_key, "user_id": "5", "job_id": "9"}
    return {"seq": seq, "kind": "accepted", "received_at": 100.0 + seq, "to": "ada@example.com", "custom_args": own}


def read(url: str) -> list[dict[str, Any]]:
    return list(read_ledger(url, week_key="2026-W47", since_s=100.0, recipient_of=lambda address: f"h{len(address)}"))


def test_a_second_campaign_of_the_week_is_kept_and_another_week_is_not() -> None:
    with a_provider(accepted(1), accepted(2, campaign_id="2"), accepted(3, week_key="2026-W46")) as url:
        assert [(line["seq"], line["campaign_id"]) for line in read(url)] == [(1, 1), (2, 2)]


def test_an_address_is_never_kept() -> None:
    with a_provider(accepted(1)) as url:
        (line,) = read(url)
    assert line["recipient"] == "h15"
    assert "ada@example.com" not in json.dumps(line)


def test_a_refusal_keeps_when_it_asked_to_come_back() -> None:
    refused = {"seq": 1, "kind": "rejected", "received_at": 101.0, "status": 429, "retry_at": 109, "mono_ns": 5}
    with a_provider(refused) as url:
        assert read(url) == [{"seq": 1, "kind": "rejected", "received_at": 101.0, "status": 429, "retry_at": 109}]


def test_what_was_before_the_run_is_left_out() -> None:
    with a_provider(accepted(-1), accepted(1)) as url:
        assert [line["seq"] for line in read(url)] == [1]
