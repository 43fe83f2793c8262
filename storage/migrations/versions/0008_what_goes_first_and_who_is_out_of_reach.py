"""What of the outbox goes first, and until when it is worth saying; addresses that nothing arrives at"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What the messages are that wait already is not written down: they count as answers, and none becomes pointless.
    op.add_column("outbox", sa.Column("priority", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column("outbox", sa.Column("expires_at", sa.BigInteger(), nullable=True))
    op.add_column("addresses", sa.Column("unreachable_since", sa.BigInteger(), nullable=True))
    op.add_column("addresses", sa.Column("unreachable_why", sa.String(length=16), nullable=True))
