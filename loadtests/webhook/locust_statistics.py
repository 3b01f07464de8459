"""Our requests in Locust's own statistics: same counts, three digits instead of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from loadtests.webhook.arrivals import PROVIDER
from loadtests.webhook.attacks import REPLAYED

if TYPE_CHECKING:
    from locust.env import Environment

    from loadtests.webhook.recorder import Request

_TAKEN: Final = range(200, 300)
_REFUSED: Final = range(400, 500)


def fire(environment: Environment, request: Request) -> None:
    """Tell Locust of one request."""
    hooks: Any = environment.events  # they carry no types
    hooks.request.fire(
        request_type="POST",
        name=request.post.user,
        response_time=request.response_ms,
        response_length=0,
        exception=complaint(request),
        context={},
    )


def complaint(request: Request) -> Exception | None:
    """What is wrong with an answer: true posts and replays must be taken, attacks refused."""
    if request.error is not None:
        return RuntimeError(f"dropped: {request.error}" if request.dropped else request.error)
    if request.status in (_TAKEN if request.post.user in (PROVIDER, REPLAYED) else _REFUSED):
        return None
    return RuntimeError(f"status {request.status}")


def round_to_three_digits(response_time: float) -> int:
    """Milliseconds for Locust's histogram, whose own rounding makes 1,041 of them 1,000."""
    whole = round(response_time)
    return round(whole, min(0, 3 - len(str(whole))))
