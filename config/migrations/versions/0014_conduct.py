"""What members did in evaluations, how they are rated, and what was decided about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "expert_sitting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tender", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("head", "away")),
        sa.Column("called_for", INSTANT),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("signed_in_at", "delivered_at")),
        sa.Column("named_at", INSTANT),
        *(sa.Column(name, JSONB(), nullable=False) for name in ("marks", "maxima", "outliers")),
        user("expert_sitting", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_sitting")),
        sa.UniqueConstraint(
            "tender", "round", "user_id", name=op.f("uq_expert_sitting_tender_round_user_id")
        ),
    )
    for column in ("tender", "user_id"):
        op.create_index(op.f(f"ix_expert_sitting_{column}"), "expert_sitting", [column])
    op.create_table(
        "expert_rating",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "sitting_id", "rater_id")),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("points", JSONB(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["expert_sitting.id"], name=op.f("fk_expert_rating_sitting_id_expert_sitting")
        ),
        user("expert_rating", "rater_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_rating")),
        sa.UniqueConstraint("sitting_id", "rater_id", name=op.f("uq_expert_rating_sitting_id_rater_id")),
    )
    op.create_index(op.f("ix_expert_rating_sitting_id"), "expert_rating", ["sitting_id"])
    op.create_table(
        "conduct_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("number", "kind")),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("grounds", JSONB(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", INSTANT),
        user("conduct_decision", "decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct_decision")),
    )
    op.create_index(op.f("ix_conduct_decision_number"), "conduct_decision", ["number"])


def user(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_user_account")
    return sa.ForeignKeyConstraint([column], ["user_account.id"], name=name)
