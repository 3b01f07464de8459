"""A process of its own that takes permits as fast as they are given, and prints when each lets a mail start."""

from __future__ import annotations

import random
import sys
import time

import redis

from system.mail import coordination
from system.mail.rate_limit import LATE_S, RateLimit, Wait


def take(permits: RateLimit, rng: random.Random) -> list[float]:
    """The starts of one group, on the clock that all processes share."""
    granted = permits.reserve(rng.randint(1, 12))
    if isinstance(granted, Wait):
        time.sleep(min(granted.seconds, 0.2))
        return []
    starts = []
    for permit in granted:
        time.sleep(max(0.0, permit.starts_at - time.monotonic()))
        current = permit
        if time.monotonic() - permit.starts_at > LATE_S:
            moved = permits.renew(permit)
            if moved is None:
                continue
            current = moved
        starts.append(current.starts_at)
    return starts


def main(url: str, seconds: float, seed: int) -> None:
    """Take permits until the time is over; a Redis that is away grants nothing."""
    rng = random.Random(seed)
    connection = coordination.connect(url, timeout_s=1)
    permits = RateLimit(connection, account="default", mails_per_s=100)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        try:
            starts = take(permits, rng)
        except redis.RedisError:
            time.sleep(0.02)
            continue
        for start in starts:
            sys.stdout.write(f"{start:.6f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
