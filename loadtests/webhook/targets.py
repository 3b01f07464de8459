"""The mails that the load's events are about, as lines of a file, so that the load needs no database."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from system.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One accepted mail with what the system wrote on it, and the id that the provider gave it."""

    campaign_id: int
    week_key: str
    newsletter: str
    user_id: int
    job_id: int
    attempt_id: str
    content_hash: str
    message_id: str


def write_targets(path: Path, targets: Iterable[Target]) -> int:
    """Replace the file, wholly or not at all; returns how many it holds."""
    draft = path.with_name(f"{path.name}.draft")
    count = 0
    with draft.open("wb") as file:
        for target in targets:
            file.write(orjson.dumps(asdict(target)) + b"\n")
            count += 1
    draft.replace(path)
    return count


def read_targets(path: Path) -> list[Target]:
    """All targets of a file; InputError when there is none or it can't be read."""
    try:
        with path.open("rb") as file:
            targets = [Target(**orjson.loads(line)) for line in file]
    except (OSError, ValueError, TypeError) as exc:
        raise _unusable(path, f"can't be read ({exc})") from None
    if not targets:
        raise _unusable(path, "names no mail")
    return targets


def _unusable(path: Path, problem: str) -> InputError:
    remedy = "Write it with: python -m loadtests.past_campaign --targets FILE"
    return InputError(field="targets", value=str(path), problem=problem, remedy=remedy)
