"""Invites with a code and an issuer; roles that end by themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("memberships", sa.Column("until", sa.BigInteger(), nullable=True))
    op.add_column("memberships", sa.Column("days", sa.Integer(), nullable=True))
    op.add_column("invites", sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True))
    op.add_column("invites", sa.Column("wrong_codes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("invites", sa.Column("issuer_ref", sa.LargeBinary(length=16), nullable=True))
    op.add_column("invites", sa.Column("days", sa.Integer(), nullable=True))
    op.create_table(
        "redemptions",
        sa.Column("address_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address_ref", name=op.f("pk_redemptions")),
    )
