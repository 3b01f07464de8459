"""How a request ends: usually with an answer, sometimes with a broken one or with none."""

from dataclasses import dataclass
from enum import Enum, auto

from fake_sendgrid.wire.reply import Reply


class Ending(Enum):
    """What happens on the connection."""

    ANSWER = auto()
    CLOSE = auto()
    RESET = auto()
    SILENCE = auto()
    DRIP = auto()
    TRUNCATE = auto()
    GARBAGE = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`silence_s` ends a silence with a close; `drip_bytes_per_s` paces a drip."""

    reply: Reply
    ending: Ending = Ending.ANSWER
    silence_s: float = 0.0
    drip_bytes_per_s: int = 20
