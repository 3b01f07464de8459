"""Mails of the campaign that is under way, for attackers who have heard of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from loadtests.past_campaign import stream_targets
from system.storage.database import new_engine

if TYPE_CHECKING:
    from loadtests.webhook.targets import Target

MOST: Final = 50
_CAMPAIGN: Final = text("SELECT id FROM campaigns WHERE week_key = :week_key")


def read_victims(database_url: str, *, week_key: str) -> list[Target]:
    """Some mails of the week that the provider has accepted."""
    engine = new_engine(database_url, application="steadypost-chaos", pool_size=1)
    try:
        with engine.connect() as connection:
            campaign_id = connection.execute(_CAMPAIGN, {"week_key": week_key}).scalar_one()
            return list(islice(stream_targets(connection, campaign_id=campaign_id), MOST))
    finally:
        engine.dispose()
