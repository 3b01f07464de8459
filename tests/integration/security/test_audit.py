"""The dependency audit says three different things: none known, some known, and nobody could be asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
WEAKNESS = "GHSA-aaaa-bbbb-cccc"
UV = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")


class Osv(BaseHTTPRequestHandler):
    """Knows of one weakness, in aiohttp, when the server says so."""

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        weak = self.server.weak  # type: ignore[attr-defined]  # set by the test
        self._answer(
            {"results": [{"vulns": [{"id": WEAKNESS}]} if weak and "aiohttp" in json.dumps(q) else {} for q in queries]}
        )

    def do_GET(self) -> None:
        self._answer({"id": WEAKNESS, "modified": "2026-01-01T00:00:00Z", "summary": "Tells strangers everything"})

    def _answer(self, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def osv(*, weak: bool) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        server.weak = weak  # type: ignore[attr-defined]  # read by the handler
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def audit(url: str, *, ignored: str = "") -> subprocess.CompletedProcess[str]:
    if not Path(UV).exists():
        pytest.skip("uv is not on PATH, and `make setup` has not put it into .tools")
    env = {**os.environ, "STEADYPOST_AUDIT_URL": url, "UV_HTTP_RETRIES": "0", "STEADYPOST_AUDIT_IGNORED": ignored}
    env["PATH"] = f"{Path(UV).parent}:{env['PATH']}"
    return subprocess.run([ROOT / ".ci" / "audit"], env=env, capture_output=True, text=True, timeout=120, check=False)


def test_no_known_weakness_is_green() -> None:
    with osv(weak=False) as url:
        done = audit(url)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_known_weakness_is_red_and_named() -> None:
    with osv(weak=True) as url:
        done = audit(url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert WEAKNESS in done.stdout


def test_an_accepted_weakness_needs_a_reason(tmp_path: Path) -> None:
    (accepted := tmp_path / "accepted").write_text(f"# id reason\n{WEAKNESS} we never tell strangers anything\n")
    (bare := tmp_path / "bare").write_text(f"{WEAKNESS}\n")
    with osv(weak=True) as url:
        assert audit(url, ignored=str(accepted)).returncode == 0
        refused = audit(url, ignored=str(bare))
    assert refused.returncode == 2
    assert "has no reason" in refused.stderr


def test_a_service_that_is_away_is_no_green(free_tcp_port: int) -> None:
    done = audit(f"http://127.0.0.1:{free_tcp_port}/")
    assert done.returncode == 75
    assert "NOT DONE" in done.stderr
