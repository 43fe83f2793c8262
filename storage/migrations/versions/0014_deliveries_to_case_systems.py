"""Deliveries to case systems, one for each note and destination, in place of hand-overs"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Ref = sa.LargeBinary(length=16)


def upgrade() -> None:
    op.create_table(
        "destinations",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("agency_ref", Ref, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("disclosure", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("place_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("last_ok_at", sa.BigInteger()),
        sa.Column("looked_at", sa.BigInteger()),
        sa.Column("alarm_s", sa.Integer(), nullable=False),
        sa.Column("alarmed_at", sa.BigInteger()),
        sa.Column("cursor", sa.String(length=255), nullable=False),
        sa.Column("rejects", sa.Integer(), nullable=False),
        sa.Column("reject_why", sa.String(length=32), nullable=False),
        sa.Column("rejects_from", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_ref"], ["agencies.ref"], name=op.f("fk_destinations_agency_ref")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_destinations")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("destination", sa.String(length=30), nullable=False),
        sa.Column("agency_ref", Ref, nullable=False),
        sa.Column("note_id", Ref, nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("disclosure", sa.String(length=8), nullable=False),
        sa.Column("case_key", Ref, nullable=False),
        sa.Column("case_seq", sa.Integer()),
        sa.Column("waits_for", Ref),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("lease", Ref),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("ambiguous", sa.SmallInteger(), nullable=False),
        sa.Column("mapper", sa.SmallInteger()),
        sa.Column("withhold", sa.SmallInteger(), nullable=False),
        sa.Column("hash_for_sync", sa.LargeBinary(length=64)),
        sa.Column("remote_id", sa.String(length=255), nullable=False),
        sa.Column("remote_url", sa.String(length=512), nullable=False),
        sa.Column("remote_state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("done_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["destination"], ["destinations.name"], name=op.f("fk_deliveries_destination")),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_deliveries_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("destination", "note_id", "version", name=op.f("uq_deliveries_destination")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_state", "deliveries", ["destination", "state", "id"])
    op.create_index("ix_deliveries_case", "deliveries", ["destination", "case_key", "case_seq"])
    op.create_index("ix_deliveries_note_id", "deliveries", ["note_id"])
    op.create_table(
        "delivery_log",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("worker", Ref, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_log_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_log_delivery_id", "delivery_log", ["delivery_id"])
    op.create_table(
        "case_counters",
        sa.Column("agency_ref", Ref, nullable=False),
        sa.Column("case_key", Ref, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agency_ref", "case_key", name=op.f("pk_case_counters")),
    )
    op.create_table(
        "batch_lines",
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("note_id", Ref, nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("destination", "batch", "seq", name=op.f("pk_batch_lines")),
    )
    op.create_index("ix_batch_lines_note_id", "batch_lines", ["note_id"])
    op.add_column("batches", sa.Column("acked_at", sa.BigInteger()))
    _carry_over()
    op.drop_table("handovers")


def _carry_over() -> None:
    """A stream of files becomes a destination of its name, which a person has to confirm. What was handed over counts
    as taken: no acknowledgement was ever asked for. A batch that is not written yet is."""
    op.execute("UPDATE batches SET destination = substr(destination, 10) WHERE destination LIKE 'filedrop:%'")
    op.execute("UPDATE handovers SET destination = substr(destination, 10) WHERE destination LIKE 'filedrop:%'")
    op.execute("UPDATE batches SET destination = substr(destination, 1, 30)")
    op.execute("UPDATE handovers SET destination = substr(destination, 1, 30)")
    nowhere = sa.text(
        "INSERT INTO destinations (name, agency_ref, kind, disclosure, state, why, place_hash, since, failures,"
        " next_at, alarm_s, cursor, rejects, reject_why, rejects_from)"
        " SELECT s.destination, n.agency_ref, 'filedrop', 'full', 'unconfirmed', 'upgraded', :nowhere, 0, 0, 0, 86400,"
        " '', 0, '', 0"
        " FROM (SELECT destination, min(seq) AS seq FROM handovers GROUP BY destination) s"
        " JOIN handovers h ON h.destination = s.destination AND h.seq = s.seq JOIN notes n ON n.id = h.note_id"
    )
    op.get_bind().execute(nowhere, {"nowhere": bytes(32)})
    op.execute("UPDATE batches SET acked_at = written_at WHERE written_at IS NOT NULL")
    op.execute(
        "INSERT INTO case_counters (agency_ref, case_key, last)"
        " SELECT n.agency_ref, coalesce(n.case_tag, n.amends, n.id), count(*) FROM notes n"
        " WHERE EXISTS (SELECT 1 FROM handovers h WHERE h.note_id = n.id)"
        " GROUP BY n.agency_ref, coalesce(n.case_tag, n.amends, n.id)"
    )
    op.execute(
        "INSERT INTO deliveries (destination, agency_ref, note_id, version, disclosure, case_key, case_seq, waits_for,"
        " state, why, attempts, next_at, ambiguous, mapper, withhold, remote_id, remote_url, remote_state, created_at,"
        " done_at)"
        " SELECT h.destination, n.agency_ref, h.note_id, 1, 'full', coalesce(n.case_tag, n.amends, n.id),"
        " row_number() OVER (PARTITION BY h.destination, n.agency_ref, coalesce(n.case_tag, n.amends, n.id)"
        " ORDER BY h.seq), n.amends, CASE WHEN b.written_at IS NULL THEN 'pending' ELSE 'acked' END, '', 1, 0,"
        " CASE WHEN b.written_at IS NULL THEN 1 ELSE 0 END, NULL, 0,"
        " CAST(h.batch AS TEXT) || ':' || CAST(h.seq AS TEXT),"
        " '', '', n.hour, b.written_at"
        " FROM handovers h JOIN notes n ON n.id = h.note_id"
        " JOIN batches b ON b.destination = h.destination AND b.number = h.batch"
        " ORDER BY h.destination, h.seq"
    )
    op.execute(
        "INSERT INTO batch_lines (destination, note_id, version, batch, seq)"
        " SELECT destination, note_id, 1, batch, seq FROM handovers"
    )
