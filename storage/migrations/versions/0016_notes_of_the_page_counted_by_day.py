"""How many notes the page brought in a day, of one person and to one agency"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_counts",
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ref", "day", name=op.f("pk_page_counts")),
    )
