"""Who calls signs: the answers as the device signed them, and a window of a draw's own; sessions that the pool's pages
may count."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("draw", sa.Column("answer_seconds", sa.Integer()))
    op.execute("UPDATE draw SET answer_seconds = 180 WHERE names IS NOT NULL")
    op.create_table(
        "draw_wave",
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wave", sa.LargeBinary(), nullable=False),
        sa.Column("p7s", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_wave_draw_id_draw")),
        sa.PrimaryKeyConstraint("draw_id", "number", name=op.f("pk_draw_wave")),
    )
    op.add_column("expert_session", sa.Column("named_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE expert_session SET named_at = now()")


def downgrade() -> None:
    op.drop_column("expert_session", "named_at")
    op.drop_table("draw_wave")
    op.drop_column("draw", "answer_seconds")
