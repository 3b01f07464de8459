"""Events joined into the exact bytes of a post: compact JSON, CRLF joints, CRLF at the end."""

from collections.abc import Iterable, Iterator


def join_events(events: list[bytes]) -> bytes:
    """The body as the provider signs it."""
    return b"[" + b",\r\n".join(events) + b"]\r\n"


def cut_batches(events: Iterable[bytes], *, max_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Bodies of at most `max_bytes` (a larger event goes alone) and how many events each holds."""
    batch: list[bytes] = []
    size = 0
    for event in events:
        if batch and size + len(event) > max_bytes:
            yield join_events(batch), len(batch)
            batch, size = [], 0
        batch.append(event)
        size += len(event) + 3
    if batch:
        yield join_events(batch), len(batch)
