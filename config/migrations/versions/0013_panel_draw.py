"""Committees that are drawn: names that the hall cannot read, demands, arrivals, who sits under which handle."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.alter_column("draw", "sealed", nullable=True)
    op.add_column("draw", sa.Column("names", sa.LargeBinary()))
    op.add_column("draw", sa.Column("calls", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("draw", sa.Column("called_at", INSTANT))
    demands()
    op.add_column("panel", sa.Column("demand_id", sa.Uuid()))
    op.add_column("panel", sa.Column("experts", sa.Integer(), nullable=False, server_default="0"))
    op.create_foreign_key(
        op.f("fk_panel_demand_id_panel_demand"), "panel", "panel_demand", ["demand_id"], ["id"]
    )
    for column in (
        sa.Column("handle", sa.String(), nullable=False, server_default=""),
        sa.Column("promise", sa.LargeBinary()),
        sa.Column("promise_cms", sa.LargeBinary()),
        sa.Column("phone", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("vote", sa.Integer()),
    ):
        op.add_column("panel_member", column)
    arrivals()
    refusals()


def demands() -> None:
    op.create_table(
        "panel_demand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tender", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("wishes", JSONB(), nullable=False),
        sa.Column("warnings", JSONB(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("approved_at", INSTANT),
        sa.Column("draw", sa.String()),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user_account.id"], name=op.f("fk_panel_demand_asked_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["user_account.id"], name=op.f("fk_panel_demand_approved_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_demand")),
        sa.UniqueConstraint("tender", "number", name=op.f("uq_panel_demand_tender_number")),
        sa.UniqueConstraint("sha256", name=op.f("uq_panel_demand_sha256")),
    )


def arrivals() -> None:
    op.create_table(
        "panel_arrival",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("draw", "state", "handle", "ground")),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_panel_arrival_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_arrival")),
    )
    op.create_index(op.f("ix_panel_arrival_visit"), "panel_arrival", ["visit"])


def refusals() -> None:
    op.create_table(
        "names_refused",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("tender", "door", "who", "address")),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_names_refused")),
    )
    op.create_index(op.f("ix_names_refused_at"), "names_refused", ["at"])
