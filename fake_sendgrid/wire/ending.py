"""How an outcome reaches the client, byte by byte where need be."""

import asyncio

from fake_sendgrid.wire.connection import Connection
from fake_sendgrid.wire.outcome import Ending, Outcome
from fake_sendgrid.wire.request import Request

DRIPS_PER_S = 50
"""The loop's timers are good to a millisecond; a faster drip sends larger drops."""
_GARBAGE = b"\x15\x03\x01\x00\x02\x02\x16 HTTP 202 NOT REALLY\r\n\r\n\x00\xff\xfe"


def end_request(connection: Connection, request: Request, outcome: Outcome) -> None:
    """Send the answer, a part of it, nonsense, or nothing."""
    ending = outcome.ending
    keep_alive = request.keep_alive and not outcome.reply.close
    if ending is Ending.ANSWER:
        connection.send(outcome.reply.render(request), keep_alive=keep_alive)
    elif ending is Ending.CLOSE:
        connection.finish()
    elif ending is Ending.RESET:
        connection.reset()
    elif ending is Ending.GARBAGE:
        connection.finish(_GARBAGE)
    elif ending is Ending.TRUNCATE:
        connection.finish(_cut(outcome.reply.render(request), body_bytes=len(outcome.reply.body)))
    elif ending is Ending.SILENCE:
        asyncio.get_running_loop().call_later(outcome.silence_s, connection.finish)
    else:
        step = max(1, outcome.drip_bytes_per_s // DRIPS_PER_S)
        pause_s = step / outcome.drip_bytes_per_s
        _drip(connection, outcome.reply.render(request), step, pause_s, keep_alive=keep_alive)


def _cut(answer: bytes, *, body_bytes: int) -> bytes:
    """Without the second half of its body, or of its head when there is no body."""
    return answer[: len(answer) - ((body_bytes or len(answer)) + 1) // 2]


def _drip(connection: Connection, answer: bytes, step: int, pause_s: float, *, keep_alive: bool) -> None:
    if len(answer) <= step:
        connection.send(answer, keep_alive=keep_alive)
    elif connection.transport is not None:
        connection.write(answer[:step])
        loop = asyncio.get_running_loop()
        loop.call_later(pause_s, lambda: _drip(connection, answer[step:], step, pause_s, keep_alive=keep_alive))
