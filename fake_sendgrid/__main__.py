"""`python -m fake_sendgrid`: two sockets, two processes, one ledger."""

import contextlib
import errno
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, CliApp

from fake_sendgrid.office.process import run_office
from fake_sendgrid.options import KeyOptions, Options
from fake_sendgrid.signing import SigningKeyError, load_or_make_key, show_public_key
from fake_sendgrid.wire.process import run_wire

STOP_S = 5.0
LISTEN_S = 1.0
S = TypeVar("S", bound=BaseSettings)


def main(arguments: list[str]) -> int:
    """Run the fake, or print a key; returns the exit code."""
    try:
        if arguments[:1] == ["key"]:
            print(show_public_key(load_or_make_key(_read(KeyOptions, arguments[1:]).file)))  # noqa: T201 - the answer
            return 0
        return _run(_read(Options, arguments))
    except (SigningKeyError, OSError) as exc:
        _fail(str(exc))


def _read(kind: type[S], arguments: list[str]) -> S:
    try:
        return CliApp.run(kind, cli_args=arguments)
    except ValidationError as exc:
        problems = exc.errors(include_url=False, include_input=True)
        _fail("\n".join(f"--{_name(p['loc'])}: {p['msg']} (given: {p['input']!r}); see --help" for p in problems))


def _name(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc).replace("_", "-")


def _run(options: Options) -> int:
    _make_folder(options.data_dir)
    load_or_make_key(options.signing_key_path)
    public = _listen(options.host, options.port, "--port")
    management = _listen(options.host, options.management_port, "--management-port")
    wire_end, office_end = socket.socketpair()
    child = os.fork()
    if child == 0:
        _be_office(options, management, office_end, to_close=(public, wire_end))
    office_end.close()
    _announce(public, management)
    management.close()
    asked = False
    try:
        asked = run_wire(options, listener=public, office=wire_end)
    finally:
        wire_end.close()
        _end(child)
    if not asked:
        _fail("the office process ended; its message stands above")
    return 0


def _be_office(
    options: Options, listener: socket.socket, wire: socket.socket, *, to_close: tuple[socket.socket, ...]
) -> NoReturn:
    for sock in to_close:
        sock.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_office(options, listener=listener, wire=wire)
    sys.stdout.flush()
    os._exit(0)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OSError(f"--data-dir {path}: cannot be made ({exc.strerror}); choose a folder you may write") from None


def _listen(host: str, port: int, option: str) -> socket.socket:
    """A killed predecessor may hold the port a moment longer."""
    deadline = time.monotonic() + LISTEN_S
    while True:
        try:
            return socket.create_server((host, port), backlog=4096)
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise OSError(f"{option} {port}: cannot listen on {host} ({exc.strerror}); choose another") from None
        time.sleep(0.02)


def _announce(public: socket.socket, management: socket.socket) -> None:
    host, port = public.getsockname()[:2]
    line = f"fake_sendgrid: v3 API on http://{host}:{port}, management on http://{host}:{management.getsockname()[1]}"
    print(line, flush=True)  # noqa: T201 - tells the ports


def _end(child: int) -> None:
    """Wait for the office, which ends when the line to it closes; kill it when it doesn't."""
    deadline = time.monotonic() + STOP_S
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _fail(message: str) -> NoReturn:
    print(f"fake_sendgrid: {message}", file=sys.stderr)  # noqa: T201 - the message is for the caller
    raise SystemExit(2)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
