"""What the provider's side saw, read from the management port of the fake."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 30.0
# What a run folder keeps: ids and times. Addresses and contents stay with the provider.
_KEPT = ("seq", "kind", "received_at", "message_id", "custom_args", "status", "message", "content_sha256")


def read_summary(management_url: str) -> dict[str, Any]:
    """Totals, peak rate and duplicates."""
    with _open(f"{management_url}/summary") as response:
        summary: dict[str, Any] = json.load(response)
    return summary


def read_ledger(management_url: str, *, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Every acceptance of a campaign's mails and every rejection, in order of receipt, without addresses."""
    with _open(f"{management_url}/ledger") as response:
        for line in response:
            entry = json.loads(line)
            if entry["kind"] != "accepted" or entry["custom_args"].get("campaign_id") == str(campaign_id):
                yield {key: entry[key] for key in _KEPT if key in entry}


def _open(url: str) -> Any:
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError(f"{url!r} is not on this machine; load goes to loopback ports only")
    return urllib.request.urlopen(url, timeout=TIMEOUT_S)  # noqa: S310  # loopback http only, checked above
