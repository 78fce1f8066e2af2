"""The pool of experts and the advisory committee."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    pool()
    trainings()
    advisory()


def pool() -> None:
    op.create_table(
        "expert",
        own_id(),
        *texts("number", "status"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.LargeBinary()),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("admitted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_expert"),
        *(sa.UniqueConstraint(name, name=f"uq_expert_{name}") for name in ("number", "owner", "identity")),
    )
    op.create_index("ix_expert_status", "expert", ["status"])
    of_expert(
        "expert_act",
        *texts("act"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    of_expert(
        "expert_session",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "expert_payment",
        reference("expert_payment", "expert_id", "expert"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("expert_id", name="pk_expert_payment"),
    )
    op.create_table(
        "pool_limit",
        *texts("name"),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_pool_limit"),
    )


def trainings() -> None:
    op.create_table(
        "training_course",
        *texts("code", "title"),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_training_course"),
    )
    of_expert(
        "expert_training",
        *texts("course"),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
    )


def advisory() -> None:
    of_expert(
        "advisory_member",
        sa.Column("appointed_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
    )
    op.create_table(
        "opinion_request",
        own_id(),
        *texts("number", "tender", "project", "state"),
        reference("opinion_request", "asked_by", "user_account"),
        reference("opinion_request", "party_id", "party", nullable=True),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("concluded_at", INSTANT),
        sa.Column("opinion", sa.LargeBinary()),
        sa.Column("p7s", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_opinion_request"),
        sa.UniqueConstraint("number", name="uq_opinion_request_number"),
    )
    for name in ("tender", "state"):
        op.create_index(f"ix_opinion_request_{name}", "opinion_request", [name])
    of_expert(
        "advisory_seat",
        reference("advisory_seat", "request_id", "opinion_request"),
        sa.Column("chair", sa.Boolean(), nullable=False),
        sa.Column("sealed_vote", sa.LargeBinary()),
        sa.Column("voted_at", INSTANT),
        sa.UniqueConstraint("request_id", "expert_id", name="uq_advisory_seat_request_id_expert_id"),
    )
    op.create_index("ix_advisory_seat_request_id", "advisory_seat", ["request_id"])


def own_id() -> sa.Column[sa.Uuid]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def reference(table: str, column: str, other: str, nullable: bool = False) -> sa.Column[sa.Uuid]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}_{other}")
    return sa.Column(column, sa.Uuid(), key, nullable=nullable)


def of_expert(table: str, *columns: sa.Column | sa.Constraint) -> None:
    """A table of things that belong to an expert."""
    op.create_table(
        table,
        own_id(),
        reference(table, "expert_id", "expert"),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_expert_id", table, ["expert_id"])
