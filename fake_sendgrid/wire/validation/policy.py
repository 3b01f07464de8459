"""What the account allows: the stored things a mail may refer to, and the undocumented rules one can choose."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Policy:
    """`templates` tells by id whether the active version has a subject."""

    now_s: float
    templates: dict[str, bool] = field(default_factory=dict)
    groups: frozenset[int] = frozenset()
    pools: frozenset[str] = frozenset()
    unique_over_personalizations: bool = False
