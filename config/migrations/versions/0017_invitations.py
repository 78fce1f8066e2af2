"""Invitations: candidates of invited tenders, sealed; who watched the draw and signed its record."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("list_sha256", sa.String(), nullable=False),
        sa.Column("listed_at", INSTANT, nullable=False),
        *(
            sa.Column(name, sa.String(), server_default="", nullable=False)
            for name in ("draw", "record_sha256")
        ),
        sa.Column("recorded_at", INSTANT),
        foreign("invitation", "tender"),
        sa.PrimaryKeyConstraint("tender_id", name=op.f("pk_invitation")),
    )
    op.create_table(
        "invitation_witness",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("tender_id", "user_id")),
        sa.Column("present_at", INSTANT, nullable=False),
        sa.Column("cms", sa.LargeBinary()),
        foreign("invitation_witness", "tender"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_invitation_witness_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("tender_id", "user_id", name=op.f("pk_invitation_witness")),
    )


def foreign(table: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=op.f(f"fk_{table}_{to}_id_{to}"))


def downgrade() -> None:
    op.drop_table("invitation_witness")
    op.drop_table("invitation")
