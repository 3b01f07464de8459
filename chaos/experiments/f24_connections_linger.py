"""F24: the provider closes connections, and the client learns of it late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import PROVIDER_LINK, Expected, Experiment, Needs, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.slow_close(PROVIDER_LINK, fault="F24", delay_ms=2_000), hold_s=6.0)]


EXPERIMENTS = (
    Experiment(
        name="connections-linger",
        fault="F24",
        rank=Rank.P1,
        title="Closed connections to SendGrid look open for 2 s",
        loses="Requests on dead connections would be taken for sent, or be sent again.",
        why="A request that ends without an answer is unknown, whatever the connection's state was.",
        notices="Nothing.",
        dependency="provider",
        trouble="slow",
        steps=_steps,
        expected=Expected(bunched_mails=10),
        needs=Needs(links=(PROVIDER_LINK,)),
    ),
)
