"""The life of flags, step by step, and rotas"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATES = {"open": "notified", "overdue": "notified", "handed-on": "routed", "taken": "in-hand"}
"""What a state of before is now. Whoever had taken a flag is believed to work on it."""
DESK = 3
"""The level of people that all flags went to."""


def upgrade() -> None:
    op.add_column("flags", sa.Column("take_by", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("flags", sa.Column("moved_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("flags", sa.Column("level", sa.SmallInteger(), nullable=False, server_default="-1"))
    op.add_column("flags", sa.Column("overdue_since", sa.BigInteger(), nullable=True))
    op.add_column("flags", sa.Column("warned_at", sa.BigInteger(), nullable=True))
    flags = sa.table(
        "flags", *map(sa.column, ("state", "take_by", "due_at", "moved_at", "raised_at", "level", "overdue_since"))
    )
    op.execute(flags.update().values(take_by=flags.c.due_at, moved_at=flags.c.raised_at, level=DESK))
    op.execute(flags.update().where(flags.c.state == "overdue").values(overdue_since=flags.c.due_at))
    for before, now in STATES.items():
        op.execute(flags.update().where(flags.c.state == before).values(state=now))
    op.create_table(
        "flag_steps",
        sa.Column("note_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agency_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("who_ref", sa.LargeBinary(length=16), nullable=True),
        sa.Column("sealed_why", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["note_id"], ["flags.note_id"], name=op.f("fk_flag_steps_note_id_flags")),
        sa.PrimaryKeyConstraint("note_id", "number", name=op.f("pk_flag_steps")),
    )
    op.create_table(
        "rotas",
        sa.Column("agency_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_rota", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_before", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_ref"], ["agencies.ref"], name=op.f("fk_rotas_agency_ref_agencies")),
        sa.PrimaryKeyConstraint("agency_ref", name=op.f("pk_rotas")),
    )
