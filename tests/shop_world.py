"""A small shop in a real database: users, products, a newsletter, a campaign, and jobs in any state."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from system.settings import SendingAccount, Settings
from system.storage import claims
from system.storage.partitions import create_partitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine, Row

WEEK = "2026-W47"
LEASED = ("claimed", "sending")
REASONED = ("failed", "skipped", "indeterminate", "bounced", "dropped")


def settings_with(**changes: Any) -> Settings:
    """Settings that need no environment; every change names a field."""
    values: dict[str, Any] = {
        "environment": "development",
        "database_url": "postgresql+psycopg://nobody:nothing@127.0.0.1:1/none",
        "redis_url": "redis://127.0.0.1:1/0",
        "accounts": {"default": SendingAccount(api_key="SG.test")},
        "webhook_public_keys": [],
        "public_url": "https://mail.shop.example",
        "link_keys": ["a-key-for-tests-that-is-long-enough"],
        "from_email": "weekly@shop.example",
        "from_name": "Harbour & Home",
        "postal_address": "12 Quay Street, Bristol",
        "shop_url": "https://shop.example",
    }
    return Settings(**(values | changes))


@dataclass
class Shop:
    """Short ways to fill and to read one test's database."""

    engine: Engine
    users: list[int] = field(default_factory=list)

    def rows(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        """Run one statement and commit; its rows, if it has any."""
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    def value(self, statement: str, **values: Any) -> Any:
        """The first column of the only row."""
        return self.rows(statement, **values)[0][0]

    def add_user(self, email: str | None = None, **columns: Any) -> int:
        """One user; a usable address when none is given."""
        columns = {"email": email or f"user{len(self.users)}@example.org", **columns}
        names = ", ".join(columns)
        marks = ", ".join(f":{name}" for name in columns)
        user_id: int = self.value(f"INSERT INTO users ({names}) VALUES ({marks}) RETURNING id", **columns)
        self.users.append(user_id)
        return user_id

    def add_products(self, count: int = 6) -> list[int]:
        """Products that may be recommended."""
        statement = """
            INSERT INTO products (sku, name, price)
            SELECT 'sku' || n, 'Product ' || n, 9.50 FROM generate_series(1, :count) n RETURNING id
        """
        return [row[0] for row in self.rows(statement, count=count)]

    def add_newsletter(self, name: str = "weekly-recos", **columns: Any) -> int:
        """A newsletter that is off, so that no schedule interferes, unless told otherwise."""
        columns = {"name": name, "subject": "For you", "enabled": False, **columns}
        names = ", ".join(columns)
        marks = ", ".join(f":{name}" for name in columns)
        newsletter_id: int = self.value(f"INSERT INTO newsletters ({names}) VALUES ({marks}) RETURNING id", **columns)
        return newsletter_id

    def add_campaign(self, newsletter_id: int, *, state: str = "running", week_key: str = WEEK) -> int:
        """A campaign with its partitions and no jobs yet."""
        statement = """
            INSERT INTO campaigns (newsletter_id, week_key, state, state_reason, audience_end, dispatched_at)
            VALUES (:newsletter_id, :week_key, :state, 'a test', 0,
                    CASE WHEN :state <> 'dispatching' THEN now() END)
            RETURNING id
        """
        campaign_id: int = self.value(statement, newsletter_id=newsletter_id, week_key=week_key, state=state)
        with self.engine.begin() as connection:
            create_partitions(connection, campaign_id=campaign_id)
        return campaign_id

    def add_job(self, campaign_id: int, state: str = "ready", **columns: Any) -> int:
        """One job of a new user in a state, with whatever the state demands."""
        columns = {
            "user_id": columns.pop("user_id", None) or self.add_user(),
            "campaign_id": campaign_id,
            "week_key": WEEK,
            "status": state,
            "product_ids": None if state == "pending" else [1, 2, 3, 4, 5],
            "because_ids": None if state == "pending" else [0, 0, 0, 0, 0],
            "model_version": None if state == "pending" else "m1",
            "claim_token": uuid.uuid4() if state in LEASED else None,
            "reason": "a test" if state in REASONED else None,
            **columns,
        }
        names = ", ".join(columns)
        marks = ", ".join(f":{name}" for name in columns)
        job_id: int = self.value(f"INSERT INTO email_jobs ({names}) VALUES ({marks}) RETURNING id", **columns)
        return job_id

    def send(self, campaign_id: int, job_id: int, *, lease_s: float = 30.0) -> tuple[uuid.UUID, uuid.UUID]:
        """Bring a ready job to sending; its token and attempt id."""
        token, attempt_id = uuid.uuid4(), uuid.uuid4()
        span = {"campaign_id": campaign_id, "token": token, "lease_s": lease_s}
        with self.engine.begin() as connection:
            assert claims.claim_jobs(connection, first_id=job_id, last_id=job_id, limit=1, **span)
            intent = claims.Intent(job_id=job_id, attempt_id=attempt_id, content_hash="h")
            assert claims.record_intents(connection, worker="w", intents=[intent], **span) == {job_id}
        return token, attempt_id

    def state(self, job_id: int) -> str:
        """Where a job stands."""
        return str(self.value("SELECT status FROM email_jobs WHERE id = :id", id=job_id))

    def states(self) -> dict[str, int]:
        """How many jobs stand where."""
        return dict(self.rows("SELECT status, count(*) FROM email_jobs GROUP BY 1"))  # type: ignore[arg-type]  # pairs

    def transitions(self, job_id: int) -> list[tuple[str, str, str]]:
        """What happened to a job: (happening, from, to)."""
        statement = "SELECT happening, from_status, to_status FROM job_transitions WHERE job_id = :id ORDER BY id"
        return [tuple(row) for row in self.rows(statement, id=job_id)]
