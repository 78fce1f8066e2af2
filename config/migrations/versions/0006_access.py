"""Listed addresses, re-enrolment of a lost second factor, sessions by certificate."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("login_session", sa.Column("challenge", sa.LargeBinary()))
    op.add_column("login_session", sa.Column("challenged_at", INSTANT))
    op.create_table(
        "address_rule",
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("networks", sa.String(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_address_rule")),
    )
    op.create_table(
        "factor_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("system_by", sa.Uuid()),
        sa.Column("system_reason", sa.String(), nullable=False),
        sa.Column("security_by", sa.Uuid()),
        sa.Column("security_reason", sa.String(), nullable=False),
        sa.Column("granted_at", INSTANT),
        sa.Column("refused_at", INSTANT),
        sa.Column("done_at", INSTANT),
        *(
            sa.ForeignKeyConstraint(
                [column], ["user_account.id"], name=op.f(f"fk_factor_request_{column}_user_account")
            )
            for column in ("user_id", "system_by", "security_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_request")),
    )
    op.create_index(op.f("ix_factor_request_user_id"), "factor_request", ["user_id"])
