"""Sessions, links and challenges of the page; whose a key is; where a note was sealed"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def ref(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(length=16), nullable=nullable)


def hashed(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(length=32), nullable=False)


def at(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_ref"], ["people.ref"], name=op.f(f"fk_{table}_person_ref_people"))


def key(table: str, column: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.add_column("notes", sa.Column("channel", sa.String(length=4), nullable=False, server_default="chat"))
    op.create_table(
        "page_links",
        ref("person_ref"),
        hashed("token_hash"),
        at("expires_at"),
        of_person("page_links"),
        key("page_links", "person_ref"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_page_links_token_hash")),
    )
    op.create_table(
        "page_sessions",
        hashed("token_hash"),
        ref("person_ref", nullable=True),
        ref("kid", nullable=True),
        at("started_at"),
        at("seen_at"),
        at("proved_at", nullable=True),
        of_person("page_sessions"),
        key("page_sessions", "token_hash"),
    )
    op.create_index("ix_page_sessions_person_ref", "page_sessions", ["person_ref"])
    op.create_table(
        "page_challenges",
        ref("id"),
        ref("kid"),
        hashed("answer_hash"),
        at("expires_at"),
        key("page_challenges", "id"),
    )
    op.create_table(
        "page_failures",
        ref("ref"),
        sa.Column("times", sa.Integer(), nullable=False),
        at("until"),
        key("page_failures", "ref"),
    )
    op.create_table("page_used", hashed("hash"), at("until"), key("page_used", "hash"))
    op.create_table(
        "key_holders", ref("kid"), ref("person_ref"), at("since"), of_person("key_holders"), key("key_holders", "kid")
    )
    op.create_index("ix_key_holders_person_ref", "key_holders", ["person_ref"])
    op.create_table("page_uploads", ref("note_id"), ref("person_ref"), at("at"), key("page_uploads", "note_id"))
