"""Lights over deadlines, letters, accountability; ratings; investment projects with their codes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def words(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def instants(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, INSTANT, nullable=nullable) for name in names]


def to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def key(table: str) -> list[object]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    supervision()
    op.create_table(
        "hall_rating",
        *key("hall_rating"),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        *words("grade", "words", "outcome"),
        *instants("asked_at"),
        *instants("rated_at", "followed_at", nullable=True),
        sa.Column("followed_by", sa.Uuid()),
        to("hall_rating", "case_id", "hall_case"),
        to("hall_rating", "followed_by", "user_account"),
        sa.UniqueConstraint("case_id", name=op.f("uq_hall_rating_case_id")),
    )
    op.create_table(
        "hall_project",
        *key("hall_project"),
        *words("code", "name", "guided", "kind", "case_number"),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("estimate", sa.Numeric(18, 2), nullable=False),
        *instants("coded_at"),
        to("hall_project", "owner_id", "party"),
        sa.UniqueConstraint("code", name=op.f("uq_hall_project_code")),
    )
    op.create_index(op.f("ix_hall_project_owner_id"), "hall_project", ["owner_id"])


def supervision() -> None:
    op.create_table(
        "hall_light",
        *key("hall_light"),
        *words("key", "subject", "tender", "title", "title_en", "step", "step_en", "item", "kind", "department", "unit",
               "person", "rule", "certainty", "route", "light"),
        sa.Column("party_id", sa.Uuid()),
        sa.Column("where", JSONB(), nullable=False),
        sa.Column("discreet", sa.Boolean(), nullable=False),
        sa.Column("last_day", sa.Date()),
        *instants("started_at", "light_since"),
        *instants("yellow_at", "red_at", "ended_at", nullable=True),
        to("hall_light", "party_id", "party"),
        sa.UniqueConstraint("key", name=op.f("uq_hall_light_key")),
    )  # fmt: skip
    op.create_index(op.f("ix_hall_light_subject"), "hall_light", ["subject"])
    op.create_index(
        "ix_hall_light_running", "hall_light", ["department"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "hall_accountability",
        *key("hall_accountability"),
        *words("number", "department", "unit", "person", "outcome", "words"),
        sa.Column("reds", sa.Integer(), nullable=False),
        *instants("opened_at"),
        *instants("decided_at", nullable=True),
        sa.Column("decided_by", sa.Uuid()),
        to("hall_accountability", "decided_by", "user_account"),
        sa.UniqueConstraint("number", name=op.f("uq_hall_accountability_number")),
    )
    op.create_table(
        "hall_light_change",
        *key("hall_light_change"),
        sa.Column("light_id", sa.Uuid(), nullable=False),
        *words("light", "department", "person"),
        *instants("at"),
        sa.Column("counted_in", sa.Uuid()),
        to("hall_light_change", "light_id", "hall_light"),
        to("hall_light_change", "counted_in", "hall_accountability"),
    )
    for column in ("light_id", "department", "counted_in"):
        op.create_index(op.f(f"ix_hall_light_change_{column}"), "hall_light_change", [column])
    op.create_table(
        "hall_letter",
        *key("hall_letter"),
        *words("number", "subject", "department", "unit", "words", "answer"),
        sa.Column("days", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Uuid()) for name in ("light_id", "party_id", "answered_by")),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        *instants("issued_at"),
        *instants("answered_at", nullable=True),
        to("hall_letter", "light_id", "hall_light"),
        to("hall_letter", "party_id", "party"),
        to("hall_letter", "issued_by", "user_account"),
        to("hall_letter", "answered_by", "user_account"),
        sa.UniqueConstraint("number", name=op.f("uq_hall_letter_number")),
    )
    op.create_index(op.f("ix_hall_letter_light_id"), "hall_letter", ["light_id"])


def downgrade() -> None:
    for table in (
        "hall_letter",
        "hall_light_change",
        "hall_accountability",
        "hall_light",
        "hall_project",
        "hall_rating",
    ):
        op.drop_table(table)
