"""The first tables; their SQL stands in the file beside this one."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    "email_events",
    "webhook_inbox",
    "job_transitions",
    "send_attempts",
    "email_jobs",
    "campaigns",
    "newsletters",
    "orders",
    "products",
    "users",
)


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP SEQUENCE email_job_ids, job_transition_ids")
