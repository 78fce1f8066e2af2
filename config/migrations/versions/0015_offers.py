"""Tenders for some only; final offers."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tender", sa.Column("limited", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("tender", sa.Column("parent_id", sa.Uuid()))
    op.create_foreign_key(op.f("fk_tender_parent_id_tender"), "tender", "tender", ["parent_id"], ["id"])
    op.create_index(op.f("ix_tender_parent_id"), "tender", ["parent_id"])
    op.add_column("notice", sa.Column("listed", sa.Boolean(), server_default="true", nullable=False))
    op.create_table(
        "tender_invitee",
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_tender_invitee_tender_id_tender")
        ),
        sa.PrimaryKeyConstraint("tender_id", name=op.f("pk_tender_invitee")),
    )
