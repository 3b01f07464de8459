"""What an experiment is: a fault in mid-campaign, what a user would lose by it, and what must hold all the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from chaos.toxiproxy.links import LINKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chaos.fault import Injector
    from chaos.scene import Scene

Dependency = Literal[
    "provider", "webhook", "Redis", "PostgreSQL", "our processes", "recommender", "machine", "operator"
]
Trouble = Literal["none", "slow", "down", "lying", "losing data"]

SAFE: Final = ("I1", "I2", "I3", "I5", "I6", "I8", "I9", "I10", "I11", "I12", "I13", "I14", "I15")
"""What must be known to hold in every experiment; a violation of any other invariant breaks it too.

I4 speaks of shares of a large audience; here the losses themselves are bounded, by `Expected`.
I7 needs attacks, I16 the logs of the whole stack, I17 a fault.
"""


PROVIDER_LINK: Final = "workers-provider"
USUAL_LINKS: Final = tuple(link.name for link in LINKS if link.name != PROVIDER_LINK)
"""All but the one to the provider: a proxy that waits for the processor and then hurries bunches the mails, and they
arrive faster than they were sent. Most of the provider's faults are its own, on real sockets."""


class Rank(StrEnum):
    """How often an experiment runs."""

    P0 = "P0"  # with every change
    P1 = "P1"  # every night
    P2 = "P2"  # before a release, by hand


@dataclass(frozen=True, kw_only=True)
class Step:
    """One fault of an experiment."""

    injector: Injector
    at_share: float = 0.2
    """It begins when this share of the audience has its mail; 0 is before the campaign's start."""
    hold_s: float = 6.0
    until_seen: bool = False
    """It is healed as soon as it has bitten; `hold_s` is how long it may wait for that."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the fault may cost, and how fast all must be well again."""

    failed: int = 0
    """Jobs that may end as failed."""
    indeterminate: int = 0
    """Jobs of which nobody may ever know whether they were accepted: at most what was in flight."""
    first_accept_s: float = 5.0
    """From the end of healing to the next acceptance."""
    full_rate_s: float | None = 5.0
    """From the end of healing to the first seconds at full rate; None where the rate is not judged."""
    operator_actions: int = 0
    """What a person has to do, beside reading the alert."""
    unacked: int = 0
    """Messages that a killed worker held, or whose acknowledgement was lost: Redis gives them out again after the
    visibility timeout, and claims make that harmless."""
    bunched_mails: int = 0
    """So many more than the limit may arrive in one second where the mails go through a proxy, which bunches them."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What an experiment's stack must be beyond the usual one; experiments of equal needs share a stack."""

    settings: Mapping[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = USUAL_LINKS
    """The arrows that go through Toxiproxy."""
    clock_of: tuple[str, ...] = ()
    """Programs whose clock can jump."""
    small_volumes: Mapping[str, int] = field(default_factory=dict)
    """Folders of the stack's data that are volumes of their own, with their MB."""

    @property
    def key(self) -> str:
        """Equal for equal needs."""
        return repr((sorted(self.settings.items()), self.links, self.clock_of, sorted(self.small_volumes.items())))

    @property
    def are_usual(self) -> bool:
        """Whether the common stack will do."""
        return self.key == Needs().key


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One row of the fault matrix, or one way in which it shows; `steps` is asked anew for every run."""

    name: str
    fault: str
    """Its row, such as `F09`."""
    rank: Rank
    title: str
    loses: str
    """What a user would lose if it failed, in one sentence."""
    why: str
    """Where it comes from, or which part of the design it tries."""
    notices: str
    """What users notice when all goes as expected."""
    dependency: Dependency
    trouble: Trouble
    steps: Callable[[Scene], Sequence[Step]]
    users: int = 1_000
    ended_within_s: float = 90.0
    """From the end of the last healing to the end of every job."""
    invariants: tuple[str, ...] = (*SAFE, "I17")
    expected: Expected = Expected()
    needs: Needs = Needs()

    def facts(self) -> dict[str, Any]:
        """What the run folder says of it, so that it can be judged without this file."""
        told = ("name", "fault", "title", "loses", "why", "notices", "dependency", "trouble", "ended_within_s")
        return {
            **{name: getattr(self, name) for name in told},
            "rank": str(self.rank),
            "invariants": list(self.invariants),
            "expected": asdict(self.expected),
        }
