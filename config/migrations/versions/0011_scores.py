"""Score sheets, the reasons of outliers, corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
PAPER = {"sha256": sa.String(), "cms": sa.LargeBinary(), "at": INSTANT}


def upgrade() -> None:
    of_members("score_draft", ("member",), version=sa.Integer(), sealed=sa.LargeBinary(), saved_at=INSTANT)
    of_members("score_sheet", ("member",), sealed=sa.LargeBinary(), **PAPER)
    of_members(
        "score_paper",
        ("kind", "number"),
        kind=sa.String(),
        number=sa.Integer(),
        raw=sa.LargeBinary(),
        **PAPER,
    )


def of_members(table: str, once: tuple[str, ...], **columns: sa.types.TypeEngine) -> None:
    """A table of what members hand in; `once` are the columns that part the rows of one evaluation."""
    unique = ("tender_id", "round", *once)
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in columns.items()),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f(f"fk_{table}_tender_id_tender")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}")),
    )
    op.create_index(op.f(f"ix_{table}_tender_id"), table, ["tender_id"])
