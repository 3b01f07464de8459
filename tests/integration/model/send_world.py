"""One campaign in a real database, its model provider, and the moving of time between them."""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model_provider import ModelProvider
from shop_world import settings_with
from sqlalchemy import create_engine, text

from system.pipeline import track
from system.pipeline.sweep import Room, sweep
from system.states import EVIDENCE, IN_WORK, EventKind, Happening
from system.storage import dispatching, inbox
from system.storage.database import transaction
from system.storage.models import PARTITIONED

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from system.pipeline.sweep import Chores

LEASE_S, DEADLINE_S, MAX_ATTEMPTS = 30.0, 600.0, 4
REQUEST_LIFE_S = 60.0
"""No request reaches the provider later than this after it left: its connection has ended by then."""
_WEEKS = itertools.count()


@dataclass(frozen=True)
class ModelShop:
    """What all examples of a test share: the database, and a newsletter that no schedule starts."""

    engine: Engine
    reader: Engine
    """The same connections, each statement for itself."""
    newsletter_id: int


# Statements ask clock_timestamp() for the time; the model's own stands before PostgreSQL's in the search path.
_CLOCK = """
    CREATE SCHEMA model;
    CREATE FUNCTION model.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
        $$ SELECT timestamptz '2100-01-01 00:00Z' + make_interval(secs => current_setting('model.now_s')::float) $$;
    ALTER TABLE webhook_inbox ALTER received_at SET DEFAULT model.clock_timestamp();
"""


def open_shop(database_url: str) -> ModelShop:
    """One connection with the model's clock, and one partition for all campaigns: an example needs no new tables.

    Steps are committed one by one, but need not reach the disk: the model crashes workers, not the server.
    """
    options = "-c synchronous_commit=off -c timezone=UTC -c search_path=model,pg_catalog,public -c model.now_s=0"
    engine = create_engine(database_url, pool_size=1, max_overflow=0, connect_args={"options": options})
    with transaction(engine) as connection:
        connection.execute(text(_CLOCK))
        for model in PARTITIONED:
            name = model.__tablename__
            connection.execute(text(f"CREATE TABLE public.{name}_model PARTITION OF {name} DEFAULT"))
        statement = text("INSERT INTO newsletters (name, subject, enabled) VALUES ('weekly', 'x', false) RETURNING id")
        newsletter_id = connection.execute(statement).scalar_one()
    return ModelShop(engine, engine.execution_options(isolation_level="AUTOCOMMIT"), newsletter_id)


@dataclass
class World:
    """The truth beside the database: what the provider accepted, which evidence was applied, what time it is."""

    shop: ModelShop
    campaign_id: int
    users: list[int]
    now_s: float = 0.0
    provider: ModelProvider = field(default_factory=ModelProvider)
    waiting: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """Posts in the inbox that nobody has applied, with their events."""
    evidence: dict[int, set[Happening]] = field(default_factory=lambda: defaultdict(set))
    """What the applied posts prove, by job."""
    in_time: set[int] = field(default_factory=set)
    """Jobs about which a post lay in the inbox before they had ended."""
    suppressed: set[int] = field(default_factory=set)
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    statuses: dict[int, str] = field(default_factory=dict)
    """Where the jobs stood after the last step."""
    is_broken: bool = False

    @property
    def engine(self) -> Engine:
        return self.shop.engine

    settings = settings_with(
        max_attempts=MAX_ATTEMPTS,
        claim_lease_s=LEASE_S,
        resolution_deadline_s=DEADLINE_S,
        retry_after_s=20.0,
        retry_cap_s=20.0,
    )

    def dispatch(self) -> None:
        """What the tasks `dispatch` and `recommend` write; a redelivered one writes nothing new."""
        with transaction(self.engine) as connection:
            span = {"campaign_id": self.campaign_id, "limit": 100, "audience": "all"}
            dispatching.add_jobs(connection, after_user=self.users[0] - 1, last_user=self.users[-1], **span)
        with transaction(self.engine) as connection:
            found = dispatching.pending_jobs(connection, campaign_id=self.campaign_id, first_id=1, last_id=2**62)
            results = [
                dispatching.Recommended(job_id=job_id, product_ids=[1], because_ids=[0], reason=None)
                for job_id, _ in found
            ]
            dispatching.store_recommendations(
                connection, campaign_id=self.campaign_id, model_version="m1", results=results
            )

    def pass_time(self, seconds: float) -> None:
        """Leases, waits and deadlines come nearer; requests that are too old have ended."""
        self.now_s += seconds
        if seconds > REQUEST_LIFE_S:
            self.provider.lingering.clear()
        self.run("SELECT set_config('model.now_s', :now_s, false)", now_s=str(self.now_s))

    def sweep(self) -> Chores:
        """One real round of the sweep."""
        room = Room(ml=True, emails=True)
        return sweep(self.engine, settings=self.settings, room=room, breaker_is_open=lambda _account: False)

    def receive(self, events: list[dict[str, Any]]) -> None:
        """A webhook post is committed to the inbox and answered."""
        body = json.dumps(events).encode()
        with transaction(self.engine) as connection:
            stored = inbox.add_posts(connection, bodies={uuid.uuid4().bytes: body})
        self.waiting |= dict.fromkeys(stored.values(), events)
        self.in_time |= {int(event["job_id"]) for event in events} & self._waiting_jobs()

    def apply(self, inbox_ids: list[int]) -> None:
        """The task `apply_events`, with the real code; applied posts may be named again."""
        track.apply_posts(self.engine, inbox_ids=inbox_ids)
        for inbox_id in inbox_ids:
            for event in self.waiting.pop(inbox_id, []):
                self.evidence[int(event["job_id"])].add(EVIDENCE[EventKind(event["event"])])

    def open_jobs(self) -> set[int]:
        """Jobs that were in work after the last step."""
        return {job_id for job_id, status in self.statuses.items() if status in IN_WORK}

    def _waiting_jobs(self) -> set[int]:
        rows = self.run(
            """SELECT id FROM email_jobs WHERE campaign_id = :campaign_id AND (status IN ('ready', 'claimed', 'sending')
               OR status = 'unknown' AND updated_at >= clock_timestamp() - make_interval(secs => :deadline_s))""",
            campaign_id=self.campaign_id,
            deadline_s=DEADLINE_S,
        )
        return {row[0] for row in rows}

    def suppress(self, user_id: int) -> None:
        """The user wants no more mail."""
        self.run("UPDATE users SET suppressed_reason = 'x', suppressed_at = now() WHERE id = :id", id=user_id)
        self.suppressed.add(user_id)

    def close(self) -> None:
        """Leave nothing to the sweeps of later examples."""
        self.run("UPDATE campaigns SET completed_at = now() WHERE id = :id", id=self.campaign_id)
        self.run("UPDATE webhook_inbox SET applied_at = now() WHERE applied_at IS NULL")

    def run(self, statement: str, **values: Any) -> list[Any]:
        """One statement by itself."""
        with self.shop.reader.connect() as connection:
            result = connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []


def new_world(shop: ModelShop, *, users: int) -> World:
    """A running campaign whose jobs are ready."""
    week = next(_WEEKS)
    with transaction(shop.engine) as connection:
        user_ids = list(
            connection.execute(
                text("""INSERT INTO users (email) SELECT 'u' || gen_random_uuid() || '@example.org'
                        FROM generate_series(1, :users) RETURNING id"""),
                {"users": users},
            ).scalars()
        )
        campaign_id = connection.execute(
            text("""INSERT INTO campaigns (newsletter_id, week_key, state, audience_end, dispatched_at)
                    VALUES (:newsletter_id, :week_key, 'running', :last, now()) RETURNING id"""),
            {
                "newsletter_id": shop.newsletter_id,
                "week_key": f"{week // 100:04d}-W{week % 100:02d}",
                "last": max(user_ids),
            },
        ).scalar_one()
    world = World(shop, campaign_id, sorted(user_ids))
    world.pass_time(0)
    world.dispatch()
    return world
