"""Partitions are made and dropped by functions of the owner, so that the application's role needs no DDL."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION make_campaign_partitions, drop_campaign_partitions")
