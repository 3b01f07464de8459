"""The rules in force and how often each has bitten."""

import fnmatch
import random
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from fake_sendgrid.faults import Fault, FaultRule
from fake_sendgrid.wire.request import Request


@dataclass(slots=True)
class _Standing:
    rule: FaultRule
    chance: random.Random
    until_s: float | None
    matched: int = 0
    bites: int = 0


@dataclass(slots=True)
class FaultRules:
    """Each rule draws from its own stream, so adding one changes no other's choices."""

    seed: int
    _standing: dict[str, _Standing] = field(default_factory=dict)

    def put(self, rule: FaultRule) -> None:
        """Put a rule in force; it starts counting at zero."""
        until_s = time.monotonic() + rule.for_s if rule.for_s else None
        chance = random.Random(self.seed ^ zlib.crc32(rule.name.encode()))  # noqa: S311 - simulation, not secrecy
        self._standing.pop(rule.name, None)
        self._standing[rule.name] = _Standing(rule, chance, until_s)

    def remove(self, name: str) -> bool:
        """End a rule; False when there is none."""
        return self._standing.pop(name, None) is not None

    def clear(self) -> None:
        """End all rules."""
        self._standing.clear()

    def show(self) -> list[dict[str, Any]]:
        """Each rule with its counts."""
        return [
            {
                "rule": one.rule.model_dump(mode="json"),
                "matched": one.matched,
                "bites": one.bites,
                "over": _is_over(one),
            }
            for one in self._standing.values()
        ]

    def refuses(self) -> bool:
        """Whether connections are to be refused now."""
        return any(one.rule.fault is Fault.REFUSE and not _is_over(one) for one in self._standing.values())

    def pick(self, request: Request) -> FaultRule | None:
        """The rule that bites this request, counted."""
        for one in self._standing.values():
            if one.rule.fault is Fault.REFUSE or _is_over(one) or not _matches(one.rule, request):
                continue
            one.matched += 1
            if one.matched > one.rule.skip and one.chance.random() < one.rule.probability:
                one.bites += 1
                return one.rule
        return None

    def count_refusal(self) -> None:
        """Connections were cut because a rule refuses them."""
        for one in self._standing.values():
            one.bites += one.rule.fault is Fault.REFUSE


def _is_over(one: _Standing) -> bool:
    spent = one.rule.count is not None and one.bites >= one.rule.count
    return spent or (one.until_s is not None and time.monotonic() > one.until_s)


def _matches(rule: FaultRule, request: Request) -> bool:
    if not fnmatch.fnmatchcase(request.path, rule.path):
        return False
    if rule.to is None and not rule.custom_args:
        return True
    try:
        return rule.matches_mail(orjson.loads(request.body))
    except orjson.JSONDecodeError:
        return False
