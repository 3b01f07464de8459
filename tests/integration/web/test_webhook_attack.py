"""The attacker that chaos runs send, against a real web process."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from chaos.injectors.webhook_attack import INVENTED, WebhookAttack
from loadtests.webhook.posts import Signer
from loadtests.webhook.targets import Target
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from web_process import Provider, Web

pytestmark = pytest.mark.integration

VICTIM = Target(
    campaign_id=1,
    week_key="2026-W47",
    newsletter="weekly-recos",
    user_id=1,
    job_id=1,
    attempt_id=str(uuid.UUID(int=1)),
    content_hash="h",
    message_id="m1",
)


def test_an_attacker_is_answered_and_takes_nothing_in(web: Web, provider: Provider, engine: Engine) -> None:
    attack = WebhookAttack(
        url=f"http://127.0.0.1:{web.port}/webhooks/sendgrid",
        signer=Signer(provider.key),
        victims=lambda: [VICTIM],
        max_bytes=1_048_576,
        max_age_s=90_000.0,
        seed=1,
    )
    assert not attack.look()
    attack.inject()

    def check() -> None:
        if not attack.look():
            raise NotReadyError(f"answers so far: {attack.answers}")

    wait_until_ready(check, what="an answer to every kind", deadline_s=30)
    attack.heal()
    assert not attack.look()
    attack.heal()
    assert attack.taken_in() == 0
    assert len(attack.false_ids) >= len(INVENTED)
    for kind, status in attack.answers:
        assert status in {"oversize": {413}, "malformed": {400, 401}}.get(kind, {403}), kind
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM webhook_inbox")).scalar_one() == 0
