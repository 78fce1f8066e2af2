"""Versions of documents and policies; questions and clarifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of a moved deadline a custodian signs another statement; earlier policies go on naming the earlier one.
    op.add_column("custodian_key", sa.Column("number", sa.Integer(), server_default="1", nullable=False))
    op.drop_constraint("uq_custodian_key_tender_id_stage_index", "custodian_key", type_="unique")
    op.create_unique_constraint(
        op.f("uq_custodian_key_tender_id_stage_index_number"),
        "custodian_key",
        ["tender_id", "stage", "index", "number"],
    )
    op.add_column("download", sa.Column("taker_key", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_download_taker_key"), "download", ["taker_key"], unique=False)
    op.create_table(
        "tender_amendment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("tender_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("policy", sa.LargeBinary(), nullable=True),
        sa.Column("evaluation", sa.LargeBinary(), nullable=True),
        sa.Column("documents", sa.LargeBinary(), nullable=True),
        sa.Column("notice", sa.LargeBinary(), nullable=True),
        sa.Column("notice_cms", sa.LargeBinary(), nullable=True),
        sa.Column("policy_cms", sa.LargeBinary(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_tender_amendment_tender_id_tender")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_amendment")),
        sa.UniqueConstraint("tender_id", "version", name=op.f("uq_tender_amendment_tender_id_version")),
    )
    op.create_table(
        "tender_question",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("tender_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("cms", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_tender_question_tender_id_tender")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_question")),
        sa.UniqueConstraint("tender_id", "number", name=op.f("uq_tender_question_tender_id_number")),
    )
