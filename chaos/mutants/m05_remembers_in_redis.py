"""M5: Redis alone remembers which mails are out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos.experiment import Step
from chaos.injectors.broker import Flushed
from chaos.mutants.exhibit import exhibit
from chaos.mutants.m01_retries_after_timeout import AFTER_THE_END
from chaos.mutants.mutant import Change, Mutant

if TYPE_CHECKING:
    from chaos.scene import Scene

SHARE: Final = 0.1
LATE_S: Final = 10.0
"""Later than the retry, which waits until the sweep has filled the queue again."""
_SEND: Final = (
    "            reply = await self._desk.provider.send(mail.payload, on_sent=partial(self._note_start, permit))\n"
)


def _steps(scene: Scene) -> list[Step]:
    late = scene.provider_fault("late_accept", delay_s=LATE_S, probability=SHARE)
    return [
        Step(injector=late, at_share=0.1, hold_s=3.5),
        Step(injector=Flushed(redis_url=scene.redis_url), at_share=0.1, hold_s=2.0),
    ]


MUTANT = Mutant(
    name="M5",
    title="What was sent is remembered in Redis alone",
    why="A key in Redis is the usual way to do a thing once; FLUSHALL, a failover or an eviction undoes it.",
    expected=("I1",),
    companions=AFTER_THE_END,
    experiment=exhibit(
        name="late-mails-and-a-flush",
        fault="F09",
        title="Some mails are accepted late, and Redis forgets everything meanwhile",
        steps=_steps,
    ),
    changes=(
        Change(
            file="pipeline/send.py",
            old="from system.mail.reply import ReplyKind\n",
            new="from system.mail.reply import Reply, ReplyKind\n",
        ),
        Change(
            file="pipeline/send.py",
            old=_SEND,
            new=(
                '            sent = f"sent:{mail.intent.job_id}"\n'
                "            note = partial(self._desk.permits._redis.set, sent, 1, nx=True)\n"
                "            if not await asyncio.to_thread(note):\n"
                "                known = Reply(kind=ReplyKind.ACCEPTED)\n"
                "                self._recorder.add(\n"
                "                    answer_for(mail, known, settings=self._desk.settings, rng=self._rng), known\n"
                "                )\n"
                "                return\n"
                f"{_SEND}"
                "            if reply.kind is ReplyKind.AMBIGUOUS:\n"
                "                reply = Reply(kind=ReplyKind.UNAVAILABLE, reason=reply.reason)\n"
            ),
        ),
    ),
    programs=("worker-emails",),
)
