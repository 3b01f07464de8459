"""One question to a server and its answer, measured from a socket of the harness's own: how a fault is seen."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from typing import Final, Literal

HOST: Final = "127.0.0.1"
End = Literal["refused", "reset", "closed", "silent", "answered"]
PAD: Final = b"x"
CHUNK_BYTES: Final = 65_536
POSTGRES_SSL: Final = struct.pack(">II", 8, 80_877_103)
POSTGRES_HEAD_BYTES: Final = 5
POSTGRES_CANCEL: Final = struct.pack(">IIII", 16, 80_877_102, 0, 0)
"""PostgreSQL hangs up on whoever sends this, and cancels nothing when nobody has number 0."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Bytes that a server answers without knowing us."""

    payload: bytes
    hangs_up: bool = True
    """Whether the server ends the connection after its answer; PostgreSQL waits for a password instead."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What became of a question."""

    end: End
    sent: int = 0
    received: int = 0
    first_byte_s: float | None = None
    """From the connection's beginning; None without an answer."""
    last_byte_s: float | None = None
    took_s: float = 0.0


def question_for(server: str, *, padding: int = 0) -> Question:
    """For a server by its name in the stack; at least `padding` bytes long where its protocol allows."""
    pad = PAD * padding
    if server == "redis":
        return Question(payload=b"*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\nQUIT\r\n" % (padding, pad))
    if server == "postgres":
        if padding:
            return Question(payload=_postgres_startup(pad), hangs_up=False)
        return Question(payload=POSTGRES_SSL + POSTGRES_CANCEL)
    return Question(
        payload=b"GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nX-Pad: %s\r\n\r\n" % (HOST.encode(), pad)
    )


def exchange(port: int, question: Question, *, patience_s: float) -> Exchange:
    """Ask, and wait for the whole answer, but no longer than `patience_s` for any part of it."""
    began = time.monotonic()
    try:
        with socket.create_connection((HOST, port), timeout=patience_s) as connection:
            return _converse(connection, question, began=began, patience_s=patience_s)
    except ConnectionRefusedError:
        return Exchange(end="refused")
    except TimeoutError:
        return Exchange(end="silent", took_s=time.monotonic() - began)


def _converse(connection: socket.socket, question: Question, *, began: float, patience_s: float) -> Exchange:
    sent = 0
    answer = bytearray()
    first_s: float | None = None
    last_s: float | None = None
    end: End = "silent"
    try:
        connection.sendall(question.payload)
        sent = len(question.payload)
        while (left_s := began + patience_s - time.monotonic()) > 0:
            connection.settimeout(left_s)
            chunk = connection.recv(CHUNK_BYTES)
            if not chunk:
                end = "closed"
                break
            answer += chunk
            last_s = time.monotonic() - began
            first_s = last_s if first_s is None else first_s
            if not question.hangs_up and _is_postgres_message(answer):
                end = "answered"
                break
    except TimeoutError:
        pass
    except ConnectionError:
        end = "reset"
    took_s = time.monotonic() - began
    return Exchange(end=end, sent=sent, received=len(answer), first_byte_s=first_s, last_byte_s=last_s, took_s=took_s)


def _is_postgres_message(answer: bytearray) -> bool:
    """Whether it is whole: a letter, its length without the letter, and the rest."""
    return len(answer) >= POSTGRES_HEAD_BYTES and len(answer) > int.from_bytes(answer[1:POSTGRES_HEAD_BYTES])


def _postgres_startup(pad: bytes) -> bytes:
    """The first message of a client, who is asked for a password then and goes without a line in the log."""
    body = struct.pack(">I", 196_608) + b"user\0steadypost\0application_name\0%s\0\0" % pad
    return struct.pack(">I", len(body) + 4) + body
