"""The approval hall: items, cases, steps, pauses, posts, powers, documents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    catalogue()
    cases()
    handling()
    staff()
    issued()


def catalogue() -> None:
    op.create_table(
        "hall_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_hall_item"),
        sa.UniqueConstraint("code", "version", name="uq_hall_item_code_version"),
    )


def cases() -> None:
    op.create_table(
        "hall_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column(
            "item_id",
            sa.Uuid(),
            sa.ForeignKey("hall_item.id", name="fk_hall_case_item_id_hall_item"),
            nullable=False,
        ),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column(
            "party_id",
            sa.Uuid(),
            sa.ForeignKey("party.id", name="fk_hall_case_party_id_party"),
            nullable=False,
        ),
        sa.Column(
            "filed_by", sa.Uuid(), sa.ForeignKey("user_account.id", name="fk_hall_case_filed_by_user_account")
        ),
        sa.Column(
            "clerk_id", sa.Uuid(), sa.ForeignKey("user_account.id", name="fk_hall_case_clerk_id_user_account")
        ),
        sa.Column("channel", sa.String(), server_default="online", nullable=False),
        sa.Column("title", sa.String(), server_default="", nullable=False),
        sa.Column("form", JSONB(), server_default="{}", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("special", sa.String(), server_default="", nullable=False),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("statutory", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("filed_at", INSTANT),
        sa.Column("tell_by", INSTANT),
        sa.Column("told_at", INSTANT),
        sa.Column("accepted_at", INSTANT),
        sa.Column("promised_due", INSTANT),
        sa.Column("statutory_due", INSTANT),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("decided_at", INSTANT),
        sa.Column("outcome", sa.String(), server_default="", nullable=False),
        sa.Column("decision_number", sa.String(), server_default="", nullable=False),
        sa.Column("result_sha256", sa.String(), server_default="", nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("project_code", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hall_case"),
        sa.UniqueConstraint("number", name="uq_hall_case_number"),
    )
    op.create_index("ix_hall_case_item_id", "hall_case", ["item_id"])
    op.create_index("ix_hall_case_party_id", "hall_case", ["party_id"])
    op.create_index("ix_hall_case_project_code", "hall_case", ["project_code"])
    op.create_index("ix_hall_case_state_item", "hall_case", ["state", "item"])
    op.create_table(
        "hall_material",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "case_id",
            sa.Uuid(),
            sa.ForeignKey("hall_case.id", name="fk_hall_material_case_id_hall_case"),
            nullable=False,
        ),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), server_default="", nullable=False),
        sa.Column("delivered_at", INSTANT),
        sa.Column("told", sa.String(), server_default="", nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("reminded_at", INSTANT),
        sa.Column("failed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_hall_material"),
        sa.UniqueConstraint("case_id", "key", name="uq_hall_material_case_id_key"),
    )
    op.create_index("ix_hall_material_case_id", "hall_material", ["case_id"])
    op.create_table(
        "hall_paper",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "case_id",
            sa.Uuid(),
            sa.ForeignKey("hall_case.id", name="fk_hall_paper_case_id_hall_case"),
            nullable=False,
        ),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hall_paper"),
        sa.UniqueConstraint("case_id", "sha256", name="uq_hall_paper_case_id_sha256"),
    )
    op.create_index("ix_hall_paper_case_id", "hall_paper", ["case_id"])


def handling() -> None:
    op.create_table(
        "hall_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "case_id",
            sa.Uuid(),
            sa.ForeignKey("hall_case.id", name="fk_hall_step_case_id_hall_case"),
            nullable=False,
        ),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("deemed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column(
            "by_id", sa.Uuid(), sa.ForeignKey("user_account.id", name="fk_hall_step_by_id_user_account")
        ),
        sa.Column("opinion", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hall_step"),
        sa.UniqueConstraint("case_id", "key", name="uq_hall_step_case_id_key"),
    )
    op.create_index("ix_hall_step_case_id", "hall_step", ["case_id"])
    op.create_index("ix_hall_step_department_state", "hall_step", ["department", "state"])
    op.create_table(
        "hall_pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "case_id",
            sa.Uuid(),
            sa.ForeignKey("hall_case.id", name="fk_hall_pause_case_id_hall_case"),
            nullable=False,
        ),
        sa.Column(
            "step_id", sa.Uuid(), sa.ForeignKey("hall_step.id", name="fk_hall_pause_step_id_hall_step")
        ),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_hall_pause"),
    )
    op.create_index("ix_hall_pause_case_id", "hall_pause", ["case_id"])


def staff() -> None:
    op.create_table(
        "hall_post",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column(
            "user_id",
            sa.Uuid(),
            sa.ForeignKey("user_account.id", name="fk_hall_post_user_id_user_account"),
            nullable=False,
        ),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("absent_since", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_hall_post"),
    )
    op.create_index("ix_hall_post_department", "hall_post", ["department"])
    op.create_index("ix_hall_post_user_id", "hall_post", ["user_id"])
    op.create_table(
        "hall_power",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column(
            "user_id",
            sa.Uuid(),
            sa.ForeignKey("user_account.id", name="fk_hall_power_user_id_user_account"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("p7s", sa.LargeBinary(), nullable=False),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_hall_power"),
        sa.UniqueConstraint("department", "version", name="uq_hall_power_department_version"),
    )
    op.create_index("ix_hall_power_user_id", "hall_power", ["user_id"])


def issued() -> None:
    op.create_table(
        "hall_issued",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "case_id",
            sa.Uuid(),
            sa.ForeignKey("hall_case.id", name="fk_hall_issued_case_id_hall_case"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("sha256", sa.String(), server_default="", nullable=False),
        sa.Column("stamped", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("p7s", sa.LargeBinary()),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hall_issued"),
        sa.UniqueConstraint("number", name="uq_hall_issued_number"),
        sa.UniqueConstraint("token", name="uq_hall_issued_token"),
    )
    op.create_index("ix_hall_issued_case_id", "hall_issued", ["case_id"])
    op.create_index("ix_hall_issued_sha256", "hall_issued", ["sha256"])
    op.create_table(
        "hall_refusal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column(
            "user_id",
            sa.Uuid(),
            sa.ForeignKey("user_account.id", name="fk_hall_refusal_user_id_user_account"),
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hall_refusal"),
    )
    op.create_index("ix_hall_refusal_number", "hall_refusal", ["number"])
