"""Cases with members and shared ticks; the versions of the guide that are walked"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("agency_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed_case", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_ref"], ["agencies.ref"], name=op.f("fk_cases_agency_ref")),
        sa.PrimaryKeyConstraint("agency_ref", "tag", name=op.f("pk_cases")),
    )
    op.create_table(
        "case_members",
        sa.Column("agency_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=16), nullable=False),
        sa.Column("person_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_ref", "tag"], ["cases.agency_ref", "cases.tag"], name=op.f("fk_case_members_agency_ref")
        ),
        sa.ForeignKeyConstraint(["person_ref"], ["people.ref"], name=op.f("fk_case_members_person_ref")),
        sa.PrimaryKeyConstraint("agency_ref", "tag", "person_ref", name=op.f("pk_case_members")),
    )
    op.create_index("ix_case_members_person_ref", "case_members", ["person_ref"], unique=False)
    op.create_table(
        "guide_versions",
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("language", "version", name=op.f("pk_guide_versions")),
    )
