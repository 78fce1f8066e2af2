"""Suspensions, queries, complaints and orders."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ROUNDS = ("review", "clarification", "tie_draw", "evaluation_report", "candidate", "loser_notice")


def upgrade() -> None:
    tenders()
    rounds()
    cases()
    orders()


def tenders() -> None:
    op.add_column("tender", sa.Column("suspended_at", INSTANT))
    op.add_column("tender", sa.Column("round", sa.Integer(), server_default="1", nullable=False))
    op.add_column("tender", sa.Column("predecessor_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_tender_predecessor_id_tender"), "tender", "tender", ["predecessor_id"], ["id"]
    )
    op.create_index(op.f("ix_tender_predecessor_id"), "tender", ["predecessor_id"])
    op.create_table(
        "interruption",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_interruption_tender_id_tender")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interruption")),
    )
    op.create_index(op.f("ix_interruption_tender_id"), "interruption", ["tender_id"])


def rounds() -> None:
    """A further evaluation stands beside the earlier one, which is kept."""
    for table in ROUNDS:
        op.add_column(table, sa.Column("round", sa.Integer(), server_default="1", nullable=False))
    # Named before the tables had rounds: what was unique in a tender is unique in a round.
    for table, old, new in (
        ("review", ["tender_id", "member", "step"], ["tender_id", "round", "member", "step"]),
        ("evaluation_report", ["tender_id"], ["tender_id", "round"]),
        ("candidate", ["tender_id", "bid_id"], ["tender_id", "round", "bid_id"]),
        ("loser_notice", ["tender_id", "bid_id"], ["tender_id", "round", "bid_id"]),
    ):
        op.drop_constraint(op.f(f"uq_{table}_{'_'.join(old)}"), table)
        op.create_unique_constraint(op.f(f"uq_{table}_{'_'.join(new)}"), table, new)
    op.add_column("candidate", sa.Column("voided_by", sa.String(), server_default="", nullable=False))
    op.drop_constraint(op.f("uq_panel_tender"), "panel")
    op.create_index(op.f("ix_panel_tender"), "panel", ["tender"])
    op.add_column("panel", sa.Column("replaced_at", INSTANT))


def cases() -> None:
    op.create_table(
        "supervision_paper",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tender", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_paper")),
        sa.UniqueConstraint("tender", "sha256", name=op.f("uq_supervision_paper_tender_sha256")),
    )
    op.create_table(
        "supervision_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("tender", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("track", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("kept_by", sa.String(), nullable=False),
        sa.Column("owner", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("matters", sa.Integer(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("file_until", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT),
        sa.Column("due_at", INSTANT),
        sa.Column("answered_by", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["supervision_case.id"],
            name=op.f("fk_supervision_case_parent_id_supervision_case"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_case")),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_case_number")),
    )
    for column in ("tender", "state", "parent_id", "owner"):
        op.create_index(op.f(f"ix_supervision_case_{column}"), "supervision_case", [column])
    op.create_table(
        "case_pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["case_id"], ["supervision_case.id"], name=op.f("fk_case_pause_case_id_supervision_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_pause")),
    )
    op.create_index(op.f("ix_case_pause_case_id"), "case_pause", ["case_id"])


def orders() -> None:
    op.create_table(
        "supervision_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("tender", sa.String(), nullable=False),
        sa.Column("place", sa.Integer()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("answer_by", INSTANT),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("cms", sa.LargeBinary()),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("issued_at", INSTANT),
        sa.Column("answered_at", INSTANT),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answer_document", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["user_account.id"], name=op.f("fk_supervision_order_officer_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_order")),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_order_number")),
        sa.UniqueConstraint("tender", "place", name=op.f("uq_supervision_order_tender_place")),
    )
    op.create_index(op.f("ix_supervision_order_tender"), "supervision_order", ["tender"])
