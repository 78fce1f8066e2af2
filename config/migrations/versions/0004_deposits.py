"""Bid security, guarantees and refunds."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "base_account",
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("bank", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_base_account_party_id_party")),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_base_account")),
    )
    op.create_table(
        "bank_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_cursor")),
    )
    op.create_table(
        "deposit_end",
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_deposit_end_tender_id_tender")),
        sa.PrimaryKeyConstraint("tender_id", name=op.f("pk_deposit_end")),
    )
    accounts()
    decisions()
    archive()


def archive() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("package_sha256", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("verdict_code", sa.Integer(), nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
        sa.UniqueConstraint("code", name=op.f("uq_archive_code")),
    )
    op.create_table(
        "archive_file",
        sa.Column("archive_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["archive.id"], name=op.f("fk_archive_file_archive_id_archive")
        ),
        sa.PrimaryKeyConstraint("archive_id", "path", name=op.f("pk_archive_file")),
    )


def accounts() -> None:
    op.create_table(
        "deposit_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("owner_key", sa.LargeBinary(), nullable=False),
        sa.Column("number_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_deposit_account_tender_id_tender")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_account")),
        sa.UniqueConstraint("owner_key", name=op.f("uq_deposit_account_owner_key")),
        sa.UniqueConstraint("number_key", name=op.f("uq_deposit_account_number_key")),
    )
    op.create_index(op.f("ix_deposit_account_tender_id"), "deposit_account", ["tender_id"])
    op.create_table(
        "deposit_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("source_key", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("listed_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["account_id"], ["deposit_account.id"], name=op.f("fk_deposit_item_account_id_deposit_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_item")),
        sa.UniqueConstraint("source_key", name=op.f("uq_deposit_item_source_key")),
    )
    op.create_index(op.f("ix_deposit_item_account_id"), "deposit_item", ["account_id"])
    op.create_table(
        "deposit_payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("paid_at", INSTANT),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", INSTANT),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["deposit_item.id"], name=op.f("fk_deposit_payment_item_id_deposit_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_payment")),
        sa.UniqueConstraint("item_id", name=op.f("uq_deposit_payment_item_id")),
    )


def decisions() -> None:
    op.create_table(
        "deposit_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("document_name", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("cms", sa.LargeBinary()),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["deposit_account.id"],
            name=op.f("fk_deposit_decision_account_id_deposit_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_decision")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_deposit_decision_account_id_number")),
    )
