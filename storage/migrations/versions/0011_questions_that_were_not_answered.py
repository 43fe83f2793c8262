"""Questions that were not answered, and who wishes to be told of an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without row ids, which would tell in which order they came.
    op.create_table(
        "gaps",
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("agency_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("sealed_theme", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_ref"], ["agencies.ref"], name=op.f("fk_gaps_agency_ref_agencies")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_gaps")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_gaps_agency_ref", "gaps", ["agency_ref"])
    op.create_table(
        "awaited",
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("sealed_wish", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_awaited")),
        sqlite_with_rowid=False,
    )
