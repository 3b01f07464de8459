"""What can go wrong between the provider and the receiver of events, with which probability, and how often it did."""

import random
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class WebhookFaults(BaseModel):
    """Shares are of events, or of posts where it says so."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    duplicate_same_id: Share = 0.005
    """Told twice with the same sg_event_id."""
    duplicate_new_id: Share = 0.0
    """Told twice, the second time with another sg_event_id."""
    reorder: Share = 0.01
    """Told a few seconds late, after events that happened later."""
    delay: Share = 0.0
    """Told `delay_s` late."""
    delay_s: Annotated[float, Field(ge=0, le=86_400)] = 30.0
    lose: Share = 0.0
    """Never told."""
    bad_event: Share = 0.0
    """Posts with one event that is none."""
    tamper: Share = 0.0
    """Posts changed after signing; the true post follows as a retry."""
    wrong_key: Share = 0.0
    """Posts signed with another key; the true post follows as a retry."""
    forge: Share = 0.0
    """Posts that are followed by an invented one without a valid signature."""
    replay: Share = 0.0
    """Posts that are sent a second time, byte for byte, old timestamp included."""
    huge_bytes: Annotated[int, Field(ge=1, le=64 * 1024 * 1024)] | None = None
    """Batches grow to this size instead of the usual one."""


CALM = WebhookFaults(duplicate_same_id=0, reorder=0)
REORDER_S = 3.0


class EventShuffle:
    """Applies the faults of single events; draws from its own seeded stream."""

    def __init__(self, faults: WebhookFaults, *, seed: int) -> None:
        self.faults = faults
        self._chance = random.Random(f"webhook:{seed}")  # noqa: S311 - simulation, not secrecy
        self.counts: dict[str, int] = {}

    def bites(self, name: str) -> bool:
        """Whether the fault of this name bites now; counts it."""
        share = getattr(self.faults, name)
        if not share or self._chance.random() >= share:
            return False
        self.counts[name] = self.counts.get(name, 0) + 1
        return True

    def hold_back_s(self) -> float:
        """How much later an event is told."""
        if self.bites("delay"):
            return self.faults.delay_s
        return self._chance.uniform(1, REORDER_S) if self.bites("reorder") else 0.0

    def tell(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """The event as often and as truly as it is told."""
        if self.bites("lose"):
            return []
        told = [event]
        if self.bites("duplicate_same_id"):
            told.append(event)
        if self.bites("duplicate_new_id"):
            told.append({**event, "sg_event_id": f"again-{self._chance.getrandbits(64):016x}"})
        return told
