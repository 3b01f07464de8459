"""M4: the webhook answers 204 before the post is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos.experiment import Step
from chaos.injectors.together import Together
from chaos.mutants.exhibit import exhibit
from chaos.mutants.mutant import Change, Mutant

if TYPE_CHECKING:
    from chaos.scene import Scene

FAULT: Final = "F16"
SHARE: Final = 0.2


def _steps(scene: Scene) -> list[Step]:
    """Some answers are lost, so that only events tell of these mails; and their events can't be stored."""
    silent = scene.provider_fault("accept_then_close", probability=SHARE)
    unstorable = scene.network.down("webhook-postgres", fault=FAULT)
    return [Step(injector=Together(fault=FAULT, parts=[unstorable, silent]), at_share=0.1, hold_s=5.0)]


MUTANT = Mutant(
    name="M4",
    title="The webhook answers before it has committed",
    why="It makes the answer faster; what the provider was told to forget is lost when the commit fails.",
    expected=("I2",),
    experiment=exhibit(
        name="events-without-postgres",
        fault=FAULT,
        title="The webhook can't reach PostgreSQL while answers to mails are lost",
        steps=_steps,
    ),
    changes=(
        Change(file="web/webhook.py", old="import time\n", new="import asyncio\nimport time\n"),
        Change(
            file="web/webhook.py",
            old="        inbox_id = await intake.store(digest=digest, body=body)\n",
            new=(
                "        storing = asyncio.ensure_future(intake.store(digest=digest, body=body))\n"
                "        storing.add_done_callback(lambda done: done.exception() or nudge.add(done.result() or 0))\n"
                '        return "stored"\n'
            ),
        ),
    ),
    programs=("web",),
)
