"""A sending worker in a process of its own, which dies where it is told to.

python mortal_worker.py DATABASE_URL REDIS_URL PROVIDER_URL CAMPAIGN_ID FAILPOINTS
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sending_desk import Mailing, open_desk
from shop_world import Shop

from system import failpoints
from system.storage.database import new_engine


async def send(database_url: str, redis_url: str, provider_url: str, campaign_id: int) -> None:
    shop = Shop(new_engine(database_url, application="mortal"))
    async with open_desk(shop, redis_url=redis_url, provider_url=provider_url) as desk:
        await Mailing(shop, redis_url, campaign_id).sender(desk).run()


if __name__ == "__main__":
    database_url, redis_url, provider_url, campaign_id, folder = sys.argv[1:]
    failpoints.watch(Path(folder))
    asyncio.run(send(database_url, redis_url, provider_url, int(campaign_id)))
