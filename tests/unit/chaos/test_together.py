"""Several faults as one: order, and that all are healed whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from chaos.injectors.together import Together

pytestmark = pytest.mark.unit


@dataclass
class Part:
    name: str
    done: list[str]
    breaks: bool = False
    seen: bool = True
    fault: str = "F01"
    evidence: str = "a part"
    _told: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        return {"injector": self.name}

    def inject(self) -> None:
        self.done.append(f"inject {self.name}")

    def look(self) -> bool:
        return self.seen

    def heal(self) -> None:
        self.done.append(f"heal {self.name}")
        if self.breaks:
            raise OSError(self.name)


def test_parts_are_broken_in_order_and_healed_newest_first() -> None:
    done: list[str] = []
    both = Together(fault="F25", parts=[Part("a", done), Part("b", done)])
    both.inject()
    both.heal()
    assert done == ["inject a", "inject b", "heal b", "heal a"]
    assert both.name == "a + b"


def test_one_that_can_not_be_healed_keeps_none_from_it() -> None:
    done: list[str] = []
    both = Together(fault="F25", parts=[Part("a", done), Part("b", done, breaks=True)])
    with pytest.raises(OSError, match="b"):
        both.heal()
    assert done == ["heal b", "heal a"]


def test_all_must_be_seen() -> None:
    assert Together(fault="F25", parts=[Part("a", []), Part("b", [])]).look()
    assert not Together(fault="F25", parts=[Part("a", []), Part("b", [], seen=False)]).look()
