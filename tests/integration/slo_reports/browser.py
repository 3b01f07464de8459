"""A headless Chromium over its own debugging protocol: real widths, both colour schemes, scripts in the page."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import urllib3
from websocket import WebSocket, create_connection

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
START_S = 30
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 380)]
AXE = """
document.querySelectorAll("details").forEach((each) => { each.open = true; });
axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations.map((each) =>
    ({rule: each.id, impact: each.impact, nodes: each.nodes.map((node) => node.html.slice(0, 200))})))
"""


def require(found: object, what: str) -> None:
    """A missing tool skips a test on a developer's machine, and fails it where all tests must run."""
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


class Browser:
    """One page; a context manager."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="steadypost-chromium-", ignore_cleanup_errors=True)
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0"]
        self._process = subprocess.Popen(
            [str(PROGRAM), *options, f"--user-data-dir={self._profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._socket: WebSocket | None = None
        self._calls = 0

    def __enter__(self) -> Self:
        try:
            self._socket = self._connect()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()
        self._process.terminate()
        self._process.wait(timeout=20)
        self._profile.cleanup()

    def open(self, page: Path, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Load a file as a device of that width would, in that colour scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.enable")
        self.call("Page.navigate", url=page.resolve().as_uri())
        self._wait_until("document.readyState === 'complete' && location.protocol === 'file:'")

    def run(self, script: str) -> Any:
        """The value of a script's last expression, awaited."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def shoot(self, to: Path) -> None:
        """The whole page as a PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        to.write_bytes(base64.b64decode(shot["data"]))

    def print_pdf(self, to: Path) -> None:
        """The page as a printer gets it."""
        to.write_bytes(base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"]))

    def call(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol."""
        assert self._socket is not None
        self._calls += 1
        self._socket.send(json.dumps({"id": self._calls, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._calls:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]

    def _connect(self) -> WebSocket:
        deadline = time.monotonic() + START_S
        port_file = Path(self._profile.name) / "DevToolsActivePort"
        while not (port_file.exists() and port_file.read_text().strip()):
            assert time.monotonic() < deadline, "Chromium did not start"
            assert self._process.poll() is None, "Chromium ended"
            time.sleep(0.05)
        port = int(port_file.read_text().split()[0])
        pages = urllib3.request("GET", f"http://127.0.0.1:{port}/json/list").json()
        target = next(each for each in pages if each["type"] == "page")
        return create_connection(target["webSocketDebuggerUrl"], timeout=60, suppress_origin=True)

    def _wait_until(self, condition: str) -> None:
        deadline = time.monotonic() + START_S
        while not self.run(condition):
            assert time.monotonic() < deadline, f"the page did not become {condition}"
            time.sleep(0.05)


def violations(browser: Browser, axe: str) -> Any:
    """What axe-core has to say against the open page, with everything unfolded."""
    browser.run(axe + ";0")
    return browser.run(AXE)
