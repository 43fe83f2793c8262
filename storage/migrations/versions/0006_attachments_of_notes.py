"""Attachments of notes"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("note_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agency_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("address_ref", sa.LargeBinary(length=16), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sealed_handle", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("note_id", "number", name=op.f("pk_attachments")),
    )
    op.create_index("ix_attachments_address_ref", "attachments", ["address_ref", "state"], unique=False)
