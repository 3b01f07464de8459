"""M2: nothing keeps a week from having two campaigns, and so a user from two mails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from chaos.experiment import Step
from chaos.injectors.database import connect
from chaos.injectors.triggers import Triggered
from chaos.mutants.exhibit import exhibit
from chaos.mutants.mutant import Change, Mutant
from system.storage.newsletters import WEEKLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.scene import Scene

DROP: Final = "ALTER TABLE campaigns DROP CONSTRAINT uq_campaigns_newsletter_id_week_key"
# What was started too often is stopped, and gets a week that nobody else has.
PUT_ASIDE: Final = """
    UPDATE campaigns c SET
        week_key = lpad((id % 10000)::text, 4, '0') || '-W00',
        state = CASE WHEN completed_at IS NULL THEN 'cancelled' ELSE state END, state_reason = 'started again'
    WHERE EXISTS (SELECT FROM campaigns o
                  WHERE o.newsletter_id = c.newsletter_id AND o.week_key = c.week_key AND o.id < c.id)
"""
RESTORE: Final = """
    ALTER TABLE campaigns ADD CONSTRAINT uq_campaigns_newsletter_id_week_key UNIQUE (newsletter_id, week_key)
"""
OTHERS: Final = "the second campaign's mails belong to no job of the first, which is the one that was read out"


@contextmanager
def _without_constraint(database_url: str) -> Iterator[None]:
    with connect(database_url) as connection:
        connection.execute(DROP)
    try:
        yield
    finally:
        with connect(database_url) as connection:
            connection.execute(PUT_ASIDE)
            connection.execute(RESTORE)


def _steps(scene: Scene) -> list[Step]:
    again = Triggered(redis_url=scene.redis_url, newsletter=WEEKLY, week_key=scene.week_key, times=1)
    return [Step(injector=again, at_share=0.05, hold_s=4.0)]


MUTANT = Mutant(
    name="M2",
    title="No unique constraint on newsletter and week",
    why="A look before the insert seems to be enough, until two look at the same time, or one forgets to look.",
    expected=("I1", "I13"),
    companions=dict.fromkeys(("I2", "I8", "I14"), OTHERS),
    experiment=exhibit(
        name="campaign-started-again",
        fault="F14",
        title="Somebody starts the campaign a second time",
        steps=_steps,
    ),
    changes=(
        Change(
            file="storage/campaigns.py",
            old="        ON CONFLICT (newsletter_id, week_key) DO NOTHING\n",
            new="",
        ),
    ),
    programs=("worker-orchestrator",),
    database=_without_constraint,
)
