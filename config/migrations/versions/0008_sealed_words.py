"""Words that could tell who bids leave the open columns: a question's text stands sealed beside who asked, and a
promise that failed keeps the kind of its error only."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("tender_question", "text")
    op.execute(sa.text("UPDATE promise SET last_error = split_part(last_error, '(', 1)"))
