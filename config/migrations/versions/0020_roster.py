"""The roster of contractors, small works by lottery, lists of credit and of bribery records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    credit()
    roster()
    works()


def credit() -> None:
    op.create_table(
        "credit_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("lines", JSONB(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("p7s", sa.LargeBinary(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_list")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_credit_list_kind_version")),
    )
    op.create_table(
        "credit_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("snapshot", JSONB(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_credit_check_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_check")),
    )
    op.create_index(op.f("ix_credit_check_object"), "credit_check", ["object"])
    op.create_index(op.f("ix_credit_check_party_id"), "credit_check", ["party_id"])


def roster() -> None:
    op.create_table(
        "roster_firm",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("trade", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("applied_at", INSTANT, nullable=False),
        sa.Column("announced_until", sa.Date()),
        sa.Column("listed_at", INSTANT),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_roster_firm_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_firm")),
        sa.UniqueConstraint("number", name=op.f("uq_roster_firm_number")),
        sa.UniqueConstraint("party_id", "trade", "band", name=op.f("uq_roster_firm_party_id_trade_band")),
    )
    op.create_index(op.f("ix_roster_firm_status"), "roster_firm", ["status"])
    op.create_table(
        "roster_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_roster_act_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_act")),
    )
    op.create_index(op.f("ix_roster_act_party_id"), "roster_act", ["party_id"])
    op.create_table(
        "roster_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_roster_document_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_document")),
    )
    op.create_index(op.f("ix_roster_document_party_id"), "roster_document", ["party_id"])
    op.create_table(
        "roster_manager",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_roster_manager_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_manager")),
        sa.UniqueConstraint("party_id", "identity", name=op.f("uq_roster_manager_party_id_identity")),
    )
    op.create_index(op.f("ix_roster_manager_party_id"), "roster_manager", ["party_id"])
    op.create_table(
        "roster_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("lifted_on", sa.Date()),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_roster_exclusion_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_exclusion")),
    )
    op.create_index(op.f("ix_roster_exclusion_party_id"), "roster_exclusion", ["party_id"])
    op.create_table(
        "roster_engagement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("works", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("trade", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("manager_id", sa.Uuid()),
        sa.Column("won_on", sa.Date(), nullable=False),
        sa.Column("refused_on", sa.Date()),
        sa.Column("completed_on", sa.Date()),
        sa.Column("score", sa.Numeric(precision=5, scale=2)),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["roster_manager.id"], name=op.f("fk_roster_engagement_manager_id_roster_manager")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_roster_engagement_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_engagement")),
        sa.UniqueConstraint("works", "party_id", name=op.f("uq_roster_engagement_works_party_id")),
    )
    op.create_index(op.f("ix_roster_engagement_party_id"), "roster_engagement", ["party_id"])
    op.create_index(op.f("ix_roster_engagement_works"), "roster_engagement", ["works"])
    op.create_table(
        "roster_objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=False),
        sa.Column("answered_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["roster_firm.id"], name=op.f("fk_roster_objection_firm_id_roster_firm")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_objection")),
    )
    op.create_index(op.f("ix_roster_objection_firm_id"), "roster_objection", ["firm_id"])
    op.create_table(
        "roster_issue",
        sa.Column("quarter", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("quarter", name=op.f("pk_roster_issue")),
    )


def works() -> None:
    op.create_table(
        "local_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_rule")),
        sa.UniqueConstraint("number", name=op.f("uq_local_rule_number")),
    )
    op.create_table(
        "small_works",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("tenderer_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("form", JSONB(), nullable=False),
        sa.Column("estimate", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("ceiling", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("trade", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("beacon", sa.String(), nullable=False),
        sa.Column("pace", JSONB(), nullable=False),
        sa.Column("rule_id", sa.Uuid()),
        sa.Column("notice", sa.LargeBinary()),
        sa.Column("notice_p7s", sa.LargeBinary()),
        sa.Column("published_at", INSTANT),
        sa.Column("declines_until", INSTANT),
        sa.Column("draw_at", INSTANT),
        sa.Column("balls_raw", sa.LargeBinary()),
        sa.Column("balls_sha256", sa.String(), nullable=False),
        sa.Column("drawn", JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["party.id"], name=op.f("fk_small_works_agency_id_party")),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["local_rule.id"], name=op.f("fk_small_works_rule_id_local_rule")
        ),
        sa.ForeignKeyConstraint(["tenderer_id"], ["party.id"], name=op.f("fk_small_works_tenderer_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_small_works")),
        sa.UniqueConstraint("code", name=op.f("uq_small_works_code")),
    )
    op.create_index(op.f("ix_small_works_state"), "small_works", ["state"])
    op.create_table(
        "works_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("works_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("manager_id", sa.Uuid()),
        sa.Column("declined_at", INSTANT),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["roster_manager.id"], name=op.f("fk_works_answer_manager_id_roster_manager")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_works_answer_party_id_party")),
        sa.ForeignKeyConstraint(
            ["works_id"], ["small_works.id"], name=op.f("fk_works_answer_works_id_small_works")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_works_answer")),
        sa.UniqueConstraint("works_id", "party_id", name=op.f("uq_works_answer_works_id_party_id")),
    )
    op.create_index(op.f("ix_works_answer_party_id"), "works_answer", ["party_id"])
    op.create_index(op.f("ix_works_answer_works_id"), "works_answer", ["works_id"])
    op.create_table(
        "works_award",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("works_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("manager_id", sa.Uuid()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.Column("announced_until", sa.Date(), nullable=False),
        sa.Column("notice", sa.LargeBinary()),
        sa.Column("notice_p7s", sa.LargeBinary()),
        sa.Column("awarded_at", INSTANT),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("checks", JSONB(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date()),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["roster_manager.id"], name=op.f("fk_works_award_manager_id_roster_manager")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_works_award_party_id_party")),
        sa.ForeignKeyConstraint(
            ["works_id"], ["small_works.id"], name=op.f("fk_works_award_works_id_small_works")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_works_award")),
        sa.UniqueConstraint("works_id", "rank", name=op.f("uq_works_award_works_id_rank")),
    )
    op.create_index(op.f("ix_works_award_party_id"), "works_award", ["party_id"])
    op.create_index(op.f("ix_works_award_works_id"), "works_award", ["works_id"])


def downgrade() -> None:
    for table in (
        "works_award",
        "works_answer",
        "small_works",
        "local_rule",
        "roster_issue",
        "roster_objection",
        "roster_engagement",
        "roster_exclusion",
        "roster_manager",
        "roster_document",
        "roster_act",
        "roster_firm",
        "credit_check",
        "credit_list",
    ):
        op.drop_table(table)
