"""The tables of step 1."""

from alembic import op

from config.models import Base
from trading.ledger import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind())
    for statement in ddl.STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the first schema is not taken back: the ledger would be lost")
