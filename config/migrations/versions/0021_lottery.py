"""Public draws: names open from the start, contributors from the floor."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("draw", sa.Column("public", sa.Boolean(), nullable=False, server_default="false"))


def downgrade() -> None:
    op.drop_column("draw", "public")
