"""The send epoch, which a restored database has to be given anew, and when a campaign's rows were dropped."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.drop_column("campaigns", "forgotten_at")
    op.drop_table("sending_epochs")
