"""How each network fault shows: pure comparisons of an exchange through the proxy with one past it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chaos.injectors.exchange import Exchange
    from chaos.toxiproxy.toxic import Toxic

ENOUGH: Final = 0.7
"""A delay counts when this share of it is seen: the way past the proxy is never equally busy."""
LONGEST_S: Final = 0.7
"""Whatever takes longer than this beside an answer at once is late; a look must not last."""


def is_refused(through: Exchange, _: Exchange) -> bool:
    """Nobody listens."""
    return through.end == "refused"


def is_reset(through: Exchange, _: Exchange) -> bool:
    """The connection ended with RST."""
    return through.end == "reset"


def is_silent(through: Exchange, past: Exchange) -> bool:
    """Not a byte came back where the server itself answers."""
    return past.received > 0 and through.received == 0 and through.end in {"silent", "closed"}


def is_cut(through: Exchange, past: Exchange) -> bool:
    """Less came back than the server itself answers, and then the end."""
    return through.received < past.received and through.end in {"closed", "reset"}


def is_late(through: Exchange, past: Exchange, *, by_s: float) -> bool:
    """The answer began later than past the proxy, by a good part of the delay."""
    return _late(through.first_byte_s, past.first_byte_s, through.took_s, by_s=by_s)


def is_slow(through: Exchange, past: Exchange, *, by_s: float) -> bool:
    """The answer was complete later than past the proxy."""
    return _late(through.last_byte_s, past.last_byte_s, through.took_s, by_s=by_s)


def closes_late(through: Exchange, past: Exchange, *, by_s: float) -> bool:
    """The answer is there and the connection stays, where the server itself hangs up."""
    if past.end != "closed" or through.last_byte_s is None or past.last_byte_s is None:
        return False
    lingered_s = through.took_s - through.last_byte_s
    return lingered_s - (past.took_s - past.last_byte_s) >= _enough(by_s)


def delay_s(toxic: Toxic, *, through: Exchange, past: Exchange) -> float:
    """How much later the last byte must come, for what was sent or is answered."""
    size = through.sent if toxic.stream == "upstream" else past.received
    attributes = toxic.payload()["attributes"]
    if toxic.kind == "bandwidth":
        return float(size / (attributes["rate"] * 1000))
    # The server halves the bytes until a piece is no greater than the average and the variation.
    pieces = max(1, size // (attributes["average_size"] + attributes["size_variation"]))
    return float(pieces * attributes["delay"] / 1_000_000)


def _late(through_s: float | None, past_s: float | None, took_s: float, *, by_s: float) -> bool:
    if past_s is None:
        return False
    arrived_s = took_s if through_s is None else through_s
    return arrived_s - past_s >= _enough(by_s)


def _enough(by_s: float) -> float:
    return ENOUGH * min(by_s, LONGEST_S)
