"""One toxic, checked before it is sent: the server takes unknown attributes, negative delays and toxicity 7."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from chaos.toxiproxy.errors import ToxiproxyError

if TYPE_CHECKING:
    from collections.abc import Mapping

Stream = Literal["downstream", "upstream"]
STREAMS: Final = ("downstream", "upstream")
# The least value of each attribute; milliseconds, KB/s, bytes, and microseconds for the slicer's delay.
ATTRIBUTES: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "latency": {"latency": 1, "jitter": 0},
        "bandwidth": {"rate": 1},
        "slow_close": {"delay": 1},
        "timeout": {"timeout": 0},
        "reset_peer": {"timeout": 0},
        "slicer": {"average_size": 1, "size_variation": 0, "delay": 0},
        "limit_data": {"bytes": 1},
    }
)
# Of each pair the first must not be greater than the second.
ORDERED: Final = {"latency": ("jitter", "latency"), "slicer": ("size_variation", "average_size")}


class ToxicError(ToxiproxyError):
    """Raised for a toxic that would do something else than its name says."""


@dataclass(frozen=True, kw_only=True)
class Toxic:
    """What is done to the bytes of a link in one direction."""

    kind: str
    attributes: Mapping[str, int] = field(default_factory=dict)
    stream: Stream = "downstream"
    toxicity: float = 1.0
    """Share of the connections, not of the requests: with pooled connections it is all or nothing for minutes."""

    def __post_init__(self) -> None:
        if self.kind not in ATTRIBUTES:
            raise ToxicError(f"there is no toxic {self.kind!r}. Take one of {', '.join(ATTRIBUTES)}")
        if self.stream not in STREAMS:
            raise ToxicError(f"{self.kind}: stream={self.stream!r} is unknown. Take one of {', '.join(STREAMS)}")
        self._check_toxicity()
        self._check_attributes()

    @property
    def name(self) -> str:
        """One of a kind for each direction of a link."""
        return f"{self.kind}_{self.stream}"

    @property
    def bites_only_new_connections(self) -> bool:
        """Whether connections that are open already would see a polite end instead."""
        return self.kind == "reset_peer"

    def payload(self) -> dict[str, Any]:
        """As the server shows it; attributes that were left out are 0."""
        attributes = dict.fromkeys(ATTRIBUTES[self.kind], 0) | dict(self.attributes)
        return {
            "name": self.name,
            "type": self.kind,
            "stream": self.stream,
            "toxicity": self.toxicity,
            "attributes": attributes,
        }

    def _check_toxicity(self) -> None:
        if isinstance(self.toxicity, bool) or not 0 < self.toxicity <= 1:
            raise ToxicError(f"{self.kind}: toxicity={self.toxicity!r} is no share. Take one above 0 and up to 1")
        if self.kind == "reset_peer" and self.toxicity != 1:
            raise ToxicError(
                f"reset_peer: toxicity={self.toxicity!r} resets the other connections as well, when they end. Take 1"
            )

    def _check_attributes(self) -> None:
        least = ATTRIBUTES[self.kind]
        for name, value in self.attributes.items():
            if name not in least:
                raise ToxicError(f"{self.kind} has no attribute {name!r}. It has {', '.join(least)}")
            if isinstance(value, bool) or not isinstance(value, int) or value < least[name]:
                raise ToxicError(f"{self.kind}: {name}={value!r} must be a whole number, {least[name]} or more")
        missing = [name for name in least if least[name] > 0 and name not in self.attributes]
        if missing:
            raise ToxicError(f"{self.kind} needs {missing[0]}. Give it, {least[missing[0]]} or more")
        if self.kind in ORDERED:
            smaller, greater = ORDERED[self.kind]
            if self.attributes.get(smaller, 0) > self.attributes[greater]:
                raise ToxicError(f"{self.kind}: {smaller}={self.attributes[smaller]} is more than its {greater}")
