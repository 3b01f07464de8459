"""A worker's own `/metrics`, where no web process shares its folder: the counts of the worker's processes."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from celery import signals
from prometheus_client import CONTENT_TYPE_LATEST

from system.metrics_folder import exposition
from system.settings import load_settings

if TYPE_CHECKING:
    from http.server import HTTPServer


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the library's
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.end_headers()
        self.wfile.write(exposition([]))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ARG002  # the library's
        return


def serve_metrics(port: int) -> HTTPServer:
    """Answer scrapes in a thread until `shutdown`; OSError when the port is taken."""
    server = ThreadingHTTPServer(("", port), _Answer)  # all interfaces: Prometheus asks from outside
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()
    return server


def answer_scrapes() -> None:
    """Let this process, if it becomes a worker, show its counts where the settings say."""
    signals.worker_ready.connect(_serve)


def _serve(**_: Any) -> None:
    port = load_settings().metrics_port
    if port is not None:
        serve_metrics(port)
