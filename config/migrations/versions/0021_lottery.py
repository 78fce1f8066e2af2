"""Public draws: names open from the start, contributors from the floor, whose slips are not kept apart."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("draw", sa.Column("public", sa.Boolean(), nullable=False, server_default="false"))
    op.execute(
        "UPDATE draw SET typed = jsonb_build_object("
        "typed->>'user', jsonb_build_array(typed->'value', typed->'recording')) WHERE typed->>'user' IS NOT NULL"
    )
    op.drop_constraint(op.f("uq_draw_slip_draw_id_party_number"), "draw_slip", type_="unique")
    op.drop_constraint(op.f("pk_draw_slip"), "draw_slip", type_="primary")
    op.create_primary_key(op.f("pk_draw_slip"), "draw_slip", ["draw_id", "party", "number"])
    op.create_index(op.f("ix_draw_slip_slip"), "draw_slip", ["slip"])


def downgrade() -> None:
    op.execute("UPDATE draw SET typed = NULL WHERE beacon IS NULL")
    op.drop_index(op.f("ix_draw_slip_slip"), "draw_slip")
    op.drop_constraint(op.f("pk_draw_slip"), "draw_slip", type_="primary")
    op.create_primary_key(op.f("pk_draw_slip"), "draw_slip", ["slip"])
    unique = op.f("uq_draw_slip_draw_id_party_number")
    op.create_unique_constraint(unique, "draw_slip", ["draw_id", "party", "number"])
    op.drop_column("draw", "public")
