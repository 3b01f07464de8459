"""One local HTTP server that takes what a process of ours sends to the outside: traces, error reports and mails."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import brotli
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

READ = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}
"""By Content-Encoding; Sentry's library takes the better one where it is installed."""


@dataclass(frozen=True)
class Span:
    """As much of a span as tests look at; ids in hex."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: list[str]
    """Trace ids."""
    attributes: dict[str, Any]
    error: str
    raw: str


@dataclass
class Ingest:
    """What has come in so far."""

    port: int = 0
    spans: list[Span] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    mails: list[dict[str, Any]] = field(default_factory=list)
    everything: list[bytes] = field(default_factory=list)
    """Bodies of traces and error reports."""

    @property
    def url(self) -> str:
        """For traces (`/v1/traces`) and mails (`/v3/mail/send`)."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        """For error reports."""
        return f"http://key@127.0.0.1:{self.port}/1"

    def named(self, name: str) -> list[Span]:
        """The spans of one name."""
        return [span for span in self.spans if span.name == name]

    def take(self, path: str, body: bytes) -> None:
        """Sort one post in."""
        if path == "/v3/mail/send":
            self.mails.append(json.loads(body))
            return
        self.everything.append(body)
        if path == "/v1/traces":
            self.spans += _spans(ExportTraceServiceRequest.FromString(body))
        elif path == "/api/1/envelope/":
            self.events += _events(body)


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for scope in (scope for resource in request.resource_spans for scope in resource.scope_spans):
        for span in scope.spans:
            yield Span(
                name=span.name,
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                links=[link.trace_id.hex() for link in span.links],
                attributes={item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes},
                error=span.status.message,
                raw=str(span),
            )


def _events(envelope: bytes) -> Iterator[dict[str, Any]]:
    lines = envelope.split(b"\n")
    for head, payload in zip(lines[1::2], lines[2::2], strict=False):
        if json.loads(head)["type"] == "event":
            yield json.loads(payload)


@contextmanager
def ingest() -> Iterator[Ingest]:
    """A server that listens until the end of the block."""
    taken = Ingest()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the library's
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.take(self.path, READ[self.headers["Content-Encoding"]](body))
            self.send_response(202 if self.path == "/v3/mail/send" else 200)
            self.send_header("X-Message-Id", f"message-{len(taken.mails)}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ARG002  # the library's
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    taken.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
