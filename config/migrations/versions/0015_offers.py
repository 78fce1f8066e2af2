"""Tenders for some only; final offers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


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
    op.create_table(
        "requirement_change",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "tender_id")),
        sa.Column("number", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("subject", "text", "member")),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_at", INSTANT),
        of_tender("requirement_change", "tender_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirement_change")),
        sa.UniqueConstraint("tender_id", "number", name=op.f("uq_requirement_change_tender_id_number")),
    )
    op.create_table(
        "final_offers",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("tender_id", "child_id")),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        *(sa.Column(name, sa.LargeBinary()) for name in ("call", "call_cms")),
        *(sa.Column(name, INSTANT) for name in ("called_at", "taken_at")),
        sa.Column("left", JSONB(), nullable=False),
        of_tender("final_offers", "tender_id"),
        of_tender("final_offers", "child_id"),
        sa.PrimaryKeyConstraint("tender_id", name=op.f("pk_final_offers")),
        sa.UniqueConstraint("child_id", name=op.f("uq_final_offers_child_id")),
    )


def of_tender(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["tender.id"], name=op.f(f"fk_{table}_{column}_tender"))
