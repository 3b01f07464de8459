"""The rules by which a newsletter chooses its products: bands, exclusions, caps, cool-down, and families."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.drop_table("excluded_products")
    op.drop_column("products", "family")
    for column in (
        "price_min",
        "price_max",
        "excluded_categories",
        "excluded_product_ids",
        "per_category",
        "cool_down_weeks",
        "buy_again",
    ):
        op.drop_column("newsletters", column)
