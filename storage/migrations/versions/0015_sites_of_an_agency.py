"""At which site of an agency somebody works; a flag calls one level more, its author's site"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SITE = 1
"""The new level's place; those from there on stand one further down."""


def upgrade() -> None:
    op.add_column("memberships", sa.Column("sealed_site", sa.LargeBinary()))
    op.add_column("invites", sa.Column("sealed_site", sa.LargeBinary()))
    level = sa.table("flags", sa.column("level", sa.SmallInteger))
    op.execute(sa.update(level).where(level.c.level >= SITE).values(level=level.c.level + 1))
