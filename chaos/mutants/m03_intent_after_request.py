"""M3: the intent is committed when the request is over."""

from __future__ import annotations

from chaos.mutants.exhibit import CALM
from chaos.mutants.mutant import Change, Mutant

_SEND = "            reply = await self._desk.provider.send(mail.payload, on_sent=partial(self._note_start, permit))\n"

MUTANT = Mutant(
    name="M3",
    title="The intent is committed after the request",
    why="It saves a commit before each mail; whoever dies in between has sent a mail that nobody knows of.",
    expected=("I8",),
    experiment=CALM,
    changes=(
        Change(
            file="pipeline/send.py",
            old="allowed = await asyncio.to_thread(self._record_intents, mails) if mails else set()",
            new="allowed = {mail.intent.job_id for mail in mails}",
        ),
        Change(
            file="pipeline/send.py",
            old=_SEND,
            new=f"{_SEND}            await asyncio.to_thread(self._record_intents, [mail])\n",
        ),
    ),
    programs=("worker-emails",),
)
