"""A bidder's results are found by an index, however many bids there have been. Until the close the column is empty,
and so is the index: in the sealed period it tells nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_bid_bidder_uscc", "bid", ["bidder_uscc"], postgresql_where=sa.text("bidder_uscc IS NOT NULL")
    )
