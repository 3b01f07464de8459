"""A model's card: what it was made from, how, and how good it was; for people, the gate and the next evaluation."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from system.recommender.evaluation.splits import day_name

if TYPE_CHECKING:
    from system.recommender.training import TrainedModel


def write_card(trained: TrainedModel, *, sha256: str, revision: str | None) -> dict[str, Any]:
    """The card as JSON; `metrics` is null where too little was bought to judge by."""
    return {
        "version": trained.version,
        "trained_on": trained.version[:10],
        "sha256": sha256,
        "git_sha": revision,
        "data": {
            "orders": trained.orders,
            "users": trained.users,
            "products": trained.products,
            "first_day": day_name(trained.first_day),
            "last_day": day_name(trained.last_day),
        },
        "hyper_parameters": trained.parameters.as_card(),
        "metrics": trained.metrics,
    }


def source_revision() -> str | None:
    """The commit of the code that runs, as git says of its folder; None where there is no git, as in an image."""
    folder = Path(__file__).parent
    try:
        asked = subprocess.run(  # noqa: S603  # a command of ours
            ["git", "-C", folder, "rev-parse", "HEAD"],  # noqa: S607  # wherever git is
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip() or None
