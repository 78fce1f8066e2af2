"""What keeps lists and searches as fast with years behind them as on the first day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from trading.notices.search import grams_of
from trading.stages import MOVES

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "notice", sa.Column("grams", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    notice = sa.table(
        "notice",
        *(sa.column(name) for name in ("id", "title", "tender")),
        sa.column("shown", postgresql.JSONB()),
        sa.column("grams", postgresql.ARRAY(sa.Text())),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(notice)).all():
        found = sorted(grams_of(row.title, row.tender, row.shown))
        connection.execute(notice.update().where(notice.c.id == row.id).values(grams=found))
    op.drop_index("ix_notice_kind", "notice")
    op.create_index("ix_notice_published_at", "notice", ["published_at", "id"])
    op.create_index("ix_notice_kind_published_at", "notice", ["kind", "published_at"])
    op.create_index(
        "ix_notice_deadline",
        "notice",
        [sa.text("(shown ->> 'deadline')")],
        postgresql_where=sa.text("kind = 'tender'"),
    )
    op.create_index("ix_notice_grams", "notice", ["grams"], postgresql_using="gin")
    op.drop_index("ix_tender_state", "tender")
    op.create_index("ix_tender_state_deadline", "tender", ["state", "deadline"])
    op.create_index("ix_tender_opens_at", "tender", ["opens_at"])
    op.create_index("ix_tender_agency_id_state", "tender", ["agency_id", "state"])
    op.create_index("ix_tender_tenderer_id_state", "tender", ["tenderer_id", "state"])
    op.create_index(
        "ix_contract_unpublished", "contract", ["tender"], postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "tender_stage",
        sa.Column("tender", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tender", name=op.f("pk_tender_stage")),
    )
    connection.execute(
        sa.text(
            "INSERT INTO tender_stage (tender, type) SELECT DISTINCT ON (tender) tender, type FROM (SELECT id, "
            "tender, convert_from(body, 'UTF8')::jsonb ->> 'type' AS type FROM ledger_entry WHERE tender IS NOT NULL"
            ") AS entry WHERE type = ANY(:moves) ORDER BY tender, id DESC"
        ),
        {"moves": sorted(MOVES)},
    )
    op.create_index(op.f("ix_tender_stage_type"), "tender_stage", ["type"])
