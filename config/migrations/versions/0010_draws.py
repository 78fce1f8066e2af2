"""Draws: what a ceremony's parties and trustees hand in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "draw",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("tender", "purpose")),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ann", sa.String(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("params", "rows", "sealed")),
        sa.Column("openings_sha256", sa.String(), nullable=False),
        *(sa.Column(name, JSONB(), nullable=False) for name in ("certificates", "cards")),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.Column("frozen_entry", sa.BigInteger()),
        sa.Column("parties", JSONB(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("witnessed_size", sa.BigInteger()),
        sa.Column("beacon", sa.String()),
        sa.Column("typed", JSONB()),
        sa.Column("waves", JSONB(), nullable=False),
        sa.Column("result", JSONB()),
        sa.Column("result_hash", sa.String()),
        sa.Column("opened_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("tender", "purpose", "number", name=op.f("uq_draw_tender_purpose_number")),
        sa.UniqueConstraint("ann", name=op.f("uq_draw_ann")),
    )
    papers("draw_party", ("party",), commit=sa.LargeBinary(), p7s=sa.LargeBinary())
    papers("draw_deal", ("party", "trustee"), sealed=sa.LargeBinary())
    papers(
        "draw_ack", ("sha256",), trustee=sa.String(), ack=sa.LargeBinary(), p7s=sa.LargeBinary(), at=INSTANT
    )
    papers("draw_share", ("trustee", "party"), slips=JSONB())
    op.create_table(
        "draw_slip",
        sa.Column("slip", sa.String(), nullable=False),
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_slip_draw_id_draw")),
        sa.PrimaryKeyConstraint("slip", name=op.f("pk_draw_slip")),
        sa.UniqueConstraint("draw_id", "party", "number", name=op.f("uq_draw_slip_draw_id_party_number")),
    )
    op.create_table(
        "draw_trustee",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("p7s", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_draw_trustee")),
    )


def papers(table: str, keys: tuple[str, ...], **columns: sa.types.TypeEngine) -> None:
    """A table of what was handed in for a draw."""
    op.create_table(
        table,
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in keys),
        *(sa.Column(name, kind, nullable=False) for name, kind in columns.items()),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f(f"fk_{table}_draw_id_draw")),
        sa.PrimaryKeyConstraint("draw_id", *keys, name=op.f(f"pk_{table}")),
    )
