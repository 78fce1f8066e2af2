"""The approval hall's tasks beside the steps (green channel, large projects, inspections), fees, reasons of withdrawal."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("hall_item", sa.Column("withdrawn_reason", sa.String(), server_default="", nullable=False))
    op.add_column("hall_case", sa.Column("fee", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "hall_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.String(), server_default="", nullable=False),
        sa.Column("opinion", sa.String(), server_default="", nullable=False),
        sa.Column("paper", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["hall_case.id"], name=op.f("fk_hall_task_case_id_hall_case")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_hall_task_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_task")),
    )
    op.create_index(op.f("ix_hall_task_case_id"), "hall_task", ["case_id"])
    op.create_index(op.f("ix_hall_task_department"), "hall_task", ["department"])


def downgrade() -> None:
    op.drop_table("hall_task")
    op.drop_column("hall_case", "fee")
    op.drop_column("hall_item", "withdrawn_reason")
