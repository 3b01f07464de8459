"""Events joined into the exact bytes of a post: compact JSON, CRLF joints, CRLF at the end."""

from collections.abc import Iterator
from typing import Any

import orjson


def join_events(events: list[bytes]) -> bytes:
    """The body as the provider signs it."""
    return b"[" + b",\r\n".join(events) + b"]\r\n"


def cut_batches(events: list[dict[str, Any]], *, max_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Bodies of at most `max_bytes` (a larger event goes alone) and how many events each holds."""
    batch: list[bytes] = []
    size = 0
    for event in events:
        shown = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
        if batch and size + len(shown) > max_bytes:
            yield join_events(batch), len(batch)
            batch, size = [], 0
        batch.append(shown)
        size += len(shown) + 3
    if batch:
        yield join_events(batch), len(batch)
