"""Whether mails may go out: not from a database that has forgotten some that were sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy.exc import DBAPIError

from system.storage import epochs
from system.storage.database import transaction

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from system.mail.witnesses import Witnesses

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
"""How often a batch looks whether mails were forgotten; every claim looks whether sending is locked."""
REMEDY: Final = "Find out what was sent: `steadypost db reconcile` (docs/backup.md)"


def why_locked(engine: Engine, witnesses: Witnesses) -> str | None:
    """Why nothing may be sent, None when mails may go out; locks a database that lacks what Redis saw being sent.

    Redis is read first: whatever it names was committed before.
    """
    sent = witnesses.last_attempts()
    with transaction(engine) as connection:
        reason = epochs.lock_reason(connection)
        if reason is None and sent and (forgotten := epochs.count_forgotten(connection, attempts=sent)):
            reason = f"the database has forgotten mails that {forgotten} of {len(sent)} processes sent last"
            epochs.lock_sending(connection, reason=reason)
            log.error("sending.locked", reason=reason)
    return reason


class EpochWatch:
    """One batch's eye on the epoch."""

    def __init__(self, engine: Engine, witnesses: Witnesses) -> None:
        self._engine, self._witnesses = engine, witnesses
        self._looks_at = 0.0

    def look(self) -> str | None:
        """Why the batch must end, if it must; redis.RedisError when Redis does not answer."""
        if time.monotonic() < self._looks_at:
            return None
        self._looks_at = time.monotonic() + LOOK_S
        try:
            reason = why_locked(self._engine, self._witnesses)
        except DBAPIError as exc:
            return f"database: {type(exc.orig).__name__}"
        return reason and f"sending is locked: {reason}"
