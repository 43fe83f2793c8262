"""What was erased or ended, for the restore of an older backup"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deletions",
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("about", sa.LargeBinary(length=64), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_deletions")),
    )
    op.create_index("ix_deletions_noted_at", "deletions", ["noted_at"])
