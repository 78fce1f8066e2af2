"""Lists of credit by the day they were published, and who publishes them."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credit_list", sa.Column("published", sa.Date()))
    op.execute("UPDATE credit_list SET published = (convert_from(raw, 'UTF8')::jsonb ->> 'published')::date")
    op.alter_column("credit_list", "published", nullable=False)
    op.create_table(
        "credit_publisher",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_publisher")),
    )


def downgrade() -> None:
    op.drop_table("credit_publisher")
    op.drop_column("credit_list", "published")
