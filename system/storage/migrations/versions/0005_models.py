"""Models with the log of which one was active, what a campaign pins of them, and what a shadow would have said."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = {
    "campaigns": ("model_version", "challenger_version", "challenger_share", "shadow_version", "model_unusable_since"),
    "newsletters": ("challenger_version", "challenger_share", "shadow_version"),
}


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for table in ("shadow_batches", "model_activations", "models"):
        op.drop_table(table)
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
