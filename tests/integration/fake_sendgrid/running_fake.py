"""A fake in its own process, a receiver for its posts, and the requests that tests make."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3

API_KEY = "SG.tests.tests"
READY_S = 20.0
MAIL: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "reader@example.com"}]}],
    "from": {"email": "news@example.com"},
    "subject": "Hello",
    "content": [{"type": "text/plain", "value": "Hello"}],
}
_HTTP = urllib3.PoolManager(retries=False, timeout=15)


class RunningFake:
    """`api` and `management` are base URLs; `pid` is the process that owns the v3 port."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.findall(r"http://[\d.]+:\d+", line)
        assert len(found) == 2, f"the fake did not start: {line!r}"
        self.api, self.management = found
        wait_for(lambda: self.manage("GET", "/healthz", quiet=True), "the fake answers")

    def manage(self, method: str, path: str, body: Any = None, *, quiet: bool = False) -> Any:
        """A management call; raises on any answer but 2xx."""
        try:
            answer = _HTTP.request(method, self.management + path, json=body)
        except urllib3.exceptions.HTTPError:
            if quiet:
                return None
            raise
        assert answer.status < 300, (path, answer.status, answer.data)
        return json.loads(answer.data)

    def ledger(self, after: int = 0, kind: str = "accepted") -> list[dict[str, Any]]:
        """The ledger's lines of one kind."""
        data = _HTTP.request("GET", f"{self.management}/ledger?after={after}").data
        return [line for line in map(json.loads, data.splitlines()) if line["kind"] == kind]

    def send(self, mail: Any = MAIL, **options: Any) -> urllib3.BaseHTTPResponse:
        """POST to mail/send with the right key, unless `headers` say otherwise."""
        headers = options.pop("headers", {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"})
        body = mail if isinstance(mail, bytes) else json.dumps(mail).encode()
        return _HTTP.request("POST", f"{self.api}/v3/mail/send", body=body, headers=headers, **options)

    def v3(self, method: str, path: str, body: Any = None, key: str = API_KEY) -> tuple[int, Any]:
        """Status and JSON of another v3 endpoint."""
        answer = _HTTP.request(method, f"{self.api}/v3{path}", json=body, headers={"Authorization": f"Bearer {key}"})
        return answer.status, json.loads(answer.data) if answer.data else None

    def stop(self) -> int:
        """End it in good order; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@contextmanager
def run_fake(folder: Path, *options: str) -> Iterator[RunningFake]:
    """A fake on free ports, at full speed unless `options` say otherwise."""
    command = [sys.executable, "-m", "fake_sendgrid", "--port=0", "--management-port=0", f"--data-dir={folder}"]
    pace = [] if "--no-full-speed" in options else ["--full-speed", "--flush-s=0.05"]
    process = subprocess.Popen([*command, f"--api-key={API_KEY}", *pace, *options], stdout=subprocess.PIPE, text=True)
    try:
        yield RunningFake(process)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


class Receiver:
    """Takes event posts; answers `statuses` in turn, then 204."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def events(self) -> list[dict[str, Any]]:
        """All events of all posts, in the order of their arrival."""
        return [event for _, body in list(self.posts) for event in json.loads(body)]

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()


def wait_for(true: Callable[[], Any], what: str, *, within_s: float = READY_S) -> Any:
    """The first true value; fails after the deadline."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        value = true()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s: {what}")
