"""Facts of objective criteria; members replaced during an evaluation, and what others then add to theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ONCE = {"review": ("tender_id", "round", "member", "step"), "score_sheet": ("tender_id", "round", "member")}
"""What parted the rows of these tables before a member could add to a paper."""


def upgrade() -> None:
    op.create_table(
        "score_facts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("cms", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_score_facts_tender_id_tender")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_facts")),
        sa.UniqueConstraint(
            "tender_id", "round", "number", name=op.f("uq_score_facts_tender_id_round_number")
        ),
    )
    op.create_index(op.f("ix_score_facts_tender_id"), "score_facts", ["tender_id"])
    op.create_table(
        "panel_replacement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("panel_id", sa.Uuid(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), server_default="", nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_panel_replacement_panel_id_panel")),
        sa.ForeignKeyConstraint(
            ["ordered_by"], ["user_account.id"], name=op.f("fk_panel_replacement_ordered_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_replacement")),
        sa.UniqueConstraint("panel_id", "seat", name=op.f("uq_panel_replacement_panel_id_seat")),
    )
    op.create_index(op.f("ix_panel_replacement_panel_id"), "panel_replacement", ["panel_id"])
    op.add_column("evaluation_report", sa.Column("void_at", INSTANT, nullable=True))
    op.drop_constraint(op.f("uq_evaluation_report_tender_id_round"), "evaluation_report")
    op.create_index(
        "ix_evaluation_report_standing",
        "evaluation_report",
        ["tender_id", "round"],
        unique=True,
        postgresql_where=sa.text("void_at IS NULL"),
    )
    for table, once in ONCE.items():
        op.add_column(table, sa.Column("number", sa.Integer(), server_default="1", nullable=False))
        op.drop_constraint(op.f(f"uq_{table}_{'_'.join(once)}"), table)
        wider = (*once, "number")
        op.create_unique_constraint(op.f(f"uq_{table}_{'_'.join(wider)}"), table, wider)
