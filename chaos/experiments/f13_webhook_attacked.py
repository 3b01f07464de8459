"""F13: somebody without the provider's key posts events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chaos.experiment import SAFE, Experiment, Rank, Step
from chaos.injectors.webhook_attack import WebhookAttack
from chaos.victims import read_victims
from loadtests.webhook.posts import read_signer
from slo_reports.run_folder import REQUESTS

if TYPE_CHECKING:
    from chaos.scene import Scene

MAX_BYTES = 1_048_576
MAX_AGE_S = 90_000.0


def _steps(scene: Scene) -> list[Step]:
    attack = WebhookAttack(
        url=scene.webhook,
        signer=read_signer(scene.signing_key),
        victims=partial(read_victims, scene.database_url, week_key=scene.week_key),
        max_bytes=MAX_BYTES,
        max_age_s=MAX_AGE_S,
        seed=scene.seed,
        record=partial(scene.run.append, REQUESTS),
    )
    return [Step(injector=attack, at_share=0.3, hold_s=5.0)]


EXPERIMENTS = (
    Experiment(
        name="webhook-attacked",
        fault="F13",
        rank=Rank.P0,
        title="Forged, tampered, stale, oversize and malformed posts",
        loses="Anybody could suppress anybody, and mark mails as delivered that never were.",
        why="The signature over timestamp and body is checked before anything is read.",
        notices="Nothing.",
        dependency="webhook",
        trouble="lying",
        steps=_steps,
        invariants=(*SAFE, "I7", "I17"),
    ),
)
