"""One HTTP request as it was read from the socket."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """Header names are lower case; `received_ns` is the monotonic time at which its last byte had been read."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    received_ns: int = 0
    keep_alive: bool = True
    too_large: bool = False
