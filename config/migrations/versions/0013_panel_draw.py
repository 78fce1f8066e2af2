"""Committees that are drawn: names that the hall cannot read, demands, arrivals, who sits under which handle."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.alter_column("draw", "sealed", nullable=True)
    op.add_column("draw", sa.Column("names", sa.LargeBinary()))
    op.add_column("draw", sa.Column("calls", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("draw", sa.Column("called_at", INSTANT))
