"""What the provider's side saw, read from the management port of the fake."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TIMEOUT_S = 30.0
# What a run folder keeps: ids and times. Addresses and contents stay with the provider.
_KEPT = ("seq", "kind", "received_at", "message_id", "status", "message", "retry_at", "rule", "fault")
_OWN_NUMBERS = ("campaign_id", "user_id", "job_id")
_OWN_TEXTS = ("attempt_id", "week_key", "content_hash")


def read_summary(management_url: str) -> dict[str, Any]:
    """Totals, peak rate and duplicates."""
    with _open(f"{management_url}/summary") as response:
        summary: dict[str, Any] = json.load(response)
    return summary


def read_ledger(
    management_url: str, *, week_key: str, since_s: float, recipient_of: Callable[[str], str | None]
) -> Iterator[dict[str, Any]]:
    """Every acceptance of a week's mails, every rejection and fault since a moment, in order of receipt.

    Of the week, and not of one campaign: a second one is what must not be. `recipient_of` turns an address into what
    may be written down.
    """
    with _open(f"{management_url}/ledger") as response:
        for line in response:
            entry = orjson.loads(line)
            own = entry.get("custom_args") or {}
            is_ours = entry["kind"] != "accepted" or own.get("week_key") == week_key
            if is_ours and entry["received_at"] >= since_s:
                yield _kept(entry, own, recipient=recipient_of(entry.get("to", "")))


def order_fault(management_url: str, rule: Mapping[str, Any]) -> None:
    """Put a fault rule in force; one of the same name is replaced."""
    _send(management_url, "PUT", "/faults", body=rule)


def cancel_fault(management_url: str, name: str) -> None:
    """Take a fault rule back; there may be none of that name."""
    try:
        _send(management_url, "DELETE", f"/faults/{name}")
    except urllib.error.HTTPError as exc:
        if exc.code != HTTPStatus.NOT_FOUND:
            raise


def cancel_all_faults(management_url: str) -> None:
    """Take every fault rule back."""
    _send(management_url, "DELETE", "/faults")


def read_faults(management_url: str) -> list[dict[str, Any]]:
    """The rules in force, each with `rule`, `matched`, `bites` and `over`."""
    rules: list[dict[str, Any]] = _ask(management_url, "GET", "/faults")
    return rules


def choose_webhook_faults(management_url: str, shares: Mapping[str, Any]) -> None:
    """What goes wrong with events from now on; what is left out goes wrong as rarely as usual."""
    _send(management_url, "PUT", "/webhook-faults", body=shares)


def read_webhook_faults(management_url: str) -> dict[str, Any]:
    """`faults` by their shares, and `bites` of each since the provider's start."""
    standing: dict[str, Any] = _ask(management_url, "GET", "/webhook-faults")
    return standing


def arm_latch(management_url: str, *, at: str) -> None:
    """Hold the next mail request `before_acceptance` or `after_acceptance`."""
    _send(management_url, "POST", "/latch", body={"at": at})


def read_latch(management_url: str, *, wait_s: float = 0) -> dict[str, Any]:
    """`armed`, and the request that is `held`, if any; waits for one."""
    state: dict[str, Any] = _ask(management_url, "GET", f"/latch?wait_s={wait_s:g}")
    return state


def release_latch(management_url: str, *, then: str) -> None:
    """Let the held request go (`answer`, `close` or `reset`); one that is only armed is disarmed."""
    try:
        _send(management_url, "POST", "/latch/release", body={"then": then})
    except urllib.error.HTTPError as exc:
        if exc.code != HTTPStatus.CONFLICT:
            raise


def _kept(entry: dict[str, Any], own: dict[str, str], *, recipient: str | None) -> dict[str, Any]:
    kept = {key: entry[key] for key in _KEPT if key in entry}
    if entry["kind"] != "accepted":
        return kept
    numbers = {key: int(own[key]) for key in _OWN_NUMBERS if own.get(key, "").isdecimal()}
    return kept | numbers | {key: own.get(key) for key in _OWN_TEXTS} | {"recipient": recipient}


def _send(management_url: str, method: str, path: str, *, body: Mapping[str, Any] | None = None) -> None:
    _ask(management_url, method, path, body=body)


def _ask(management_url: str, method: str, path: str, *, body: Mapping[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{management_url}{path}", data=data, headers=headers, method=method)  # noqa: S310  # checked in _open
    with _open(request) as response:
        return json.load(response)


def _open(request: urllib.request.Request | str) -> Any:
    url = request if isinstance(request, str) else request.full_url
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError(f"{url!r} is not on this machine; load goes to loopback ports only")
    return urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310  # loopback http only, checked above
