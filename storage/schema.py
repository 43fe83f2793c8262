"""The tables, each with the life cycle of its rows.

Times are whole seconds since 1970 UTC. Columns named ``sealed_*`` are encrypted by the keyring; ``body`` is a note's
RECORD, which nobody here can open. Refs are 16 random or keyed bytes.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
Ref = LargeBinary(16)

# An agency lives as long as the installation. Its name and settings are sealed; ``version`` tells caches.
agencies = Table(
    "agencies",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed_profile", LargeBinary, nullable=False),
)

# The newest signed manifest of an agency; replaced by the next version.
desks = Table(
    "desks",
    metadata,
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

# A person from enrolment on; after revoking the row stays without access, for the notes that name its ref.
people = Table(
    "people",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("sealed_profile", LargeBinary, nullable=False),
    Column("accepted_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

# A role in an agency. ``until``: it ends by itself then, unless renewed for ``days`` more; None: it does not.
memberships = Table(
    "memberships",
    metadata,
    Column("person_ref", Ref, ForeignKey("people.ref"), primary_key=True),
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("days", Integer),
    Column("sealed_site", LargeBinary),
    Index("ix_memberships_agency_ref", "agency_ref", "role"),
)

# Where a person is reached: one chat of one channel. ``ref`` is keyed, the chat id is sealed. ``unreachable_*``: since
# when nothing arrives there, and why (``storage.reach``); None: it is reached.
addresses = Table(
    "addresses",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("person_ref", Ref, ForeignKey("people.ref"), nullable=False),
    Column("sealed_contact", LargeBinary, nullable=False),
    Column("unreachable_since", BigInteger),
    Column("unreachable_why", String(16)),
    Index("ix_addresses_person_ref", "person_ref"),
)

# Made by a coordinator or admin; good for nothing once used. With ``code_hash`` a code is asked for, too; with the
# fifth wrong one the invite counts as used. ``issuer_ref``: who made it in the chat, or None for the command line.
invites = Table(
    "invites",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("code_hash", LargeBinary(32)),
    Column("wrong_codes", Integer, nullable=False, server_default="0"),
    Column("issuer_ref", Ref),
    Column("days", Integer),
    Column("sealed_site", LargeBinary),
)

# A chat that showed an invite and has yet to tell its code; swept with the invite.
redemptions = Table(
    "redemptions",
    metadata,
    Column("address_ref", Ref, primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# One a chat, from its first turn until its address goes. ``version`` grows with every turn, ``question`` with every
# new set of buttons; ``sealed_shown`` is the message that carries the open question's buttons.
conversations = Table(
    "conversations",
    metadata,
    Column("address_ref", Ref, ForeignKey("addresses.ref"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("question", Integer, nullable=False),
    Column("sealed_state", LargeBinary),
    Column("sealed_shown", LargeBinary),
    Column("moved_at", BigInteger, nullable=False),
)

# Every update taken, for de-duplication; swept when the channel can repeat it no longer (48 hours).
seen = Table(
    "seen",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("update_id", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Index("ix_seen_at", "at"),
)

# Messages that wait to be sent; deleted once they arrived, or once nobody needs them (``expires_at``; None: always).
# ``dead``: why it can never arrive; the row stays for ``integra outbox``. In which order they go: ``bot.line``.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("address_ref", Ref, nullable=False),
    Column("sealed_body", LargeBinary, nullable=False),
    Column("dead", String(32)),
    Column("created_at", BigInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False, server_default="1"),  # storage.outbox.Priority
    Column("expires_at", BigInteger),
    Index("ix_outbox_address_ref", "address_ref", "id"),
    sqlite_autoincrement=True,
)

# Messages in a chat that hold a draft's words; deleted with them.
traces = Table(
    "traces",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("address_ref", Ref, nullable=False),
    Column("draft", Ref, nullable=False),
    Column("sealed_message", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_traces_address_ref", "address_ref", "draft"),
)

# How many messages with a note's words could not be deleted from a chat; until the person says they cleared them.
residue = Table(
    "residue",
    metadata,
    Column("address_ref", Ref, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)

# Who sends to a chat or listens on a channel, where several processes share the database (storage.leases). ``name`` is
# an address ref, or a keyed ref of the channel; ``holder`` a random id of the process. Swept when it ran out.
leases = Table(
    "leases",
    metadata,
    Column("name", Ref, primary_key=True),
    Column("holder", Ref, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# Every deadline there is; deleted when it has been dealt with.
timers = Table(
    "timers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("address_ref", LargeBinary(16), nullable=False),  # empty for what belongs to no chat
    Column("about", String(64), nullable=False),
    Column("due_at", BigInteger, nullable=False),
    UniqueConstraint("kind", "address_ref", "about"),
    Index("ix_timers_due_at", "due_at"),
)

# A sealed note. state: held (may be undone) | waiting (for hand-over) | handed-over | withdrawn (body destroyed).
notes = Table(
    "notes",
    metadata,
    Column("id", Ref, primary_key=True),
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), nullable=False),
    Column("reference", String(9), nullable=False),
    Column("flag_level", Integer, nullable=False),
    Column("hour", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("case_tag", Ref),
    Column("amends", Ref),
    Column("body", LargeBinary),
    Column("channel", String(4), nullable=False, server_default="chat"),  # where it was sealed; stands in its header
    UniqueConstraint("agency_ref", "reference"),
    Index("ix_notes_state", "state"),
)

# A photo or voice message of a note. state: wanted (to be fetched by its sealed handle) | sealed (its note is still
# being written) | kept (goes with its note). ``address_ref`` says whose draft it is and is empty once kept. Gone with
# the draft, unless kept; with the note, when that is undone. ``body`` is as in notes: nobody here can open it.
attachments = Table(
    "attachments",
    metadata,
    Column("note_id", Ref, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("agency_ref", Ref, nullable=False),
    Column("address_ref", Ref),
    Column("state", String(8), nullable=False),
    Column("sealed_handle", LargeBinary),
    Column("body", LargeBinary),
    Index("ix_attachments_address_ref", "address_ref", "state"),
)

# Who may undo and amend a note.
receipts = Table(
    "receipts",
    metadata,
    Column("note_id", Ref, ForeignKey("notes.id"), primary_key=True),
    Column("author_ref", Ref, nullable=False),
    Index("ix_receipts_author_ref", "author_ref"),
)

# A note's call for a coordinator. state: see dialogues.flag_life, whose ``Life`` this is; ``level``: up to which level
# of the rota people were told. Gone with the note.
flags = Table(
    "flags",
    metadata,
    Column("note_id", Ref, ForeignKey("notes.id"), primary_key=True),
    Column("agency_ref", Ref, nullable=False),
    Column("urgency", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("owner_ref", Ref),
    Column("outcome", String(16)),
    Column("closed_at", BigInteger),
    Column("take_by", BigInteger, nullable=False, server_default="0"),
    Column("moved_at", BigInteger, nullable=False, server_default="0"),
    Column("level", SmallInteger, nullable=False, server_default="-1"),
    Column("overdue_since", BigInteger),
    Column("warned_at", BigInteger),
    Index("ix_flags_agency_ref", "agency_ref", "state"),
)

# What happened to a flag, in order; gone with it. ``who_ref``: who acted; None: the assistant. Why stands in ``body``,
# sealed to the desk like a note, which nobody here can open; in ``sealed_why`` where the desk had no key to seal to.
flag_steps = Table(
    "flag_steps",
    metadata,
    Column("note_id", Ref, ForeignKey("flags.note_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("agency_ref", Ref, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("act", String(16), nullable=False),
    Column("who_ref", Ref),
    Column("sealed_why", LargeBinary),
    Column("body", LargeBinary),
)

# Who is on duty at an agency's desk (dialogues.rota), with the version before, so that a change can be undone.
rotas = Table(
    "rotas",
    metadata,
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed_rota", LargeBinary, nullable=False),
    Column("sealed_before", LargeBinary),
    Column("changed_at", BigInteger, nullable=False),
)

# How far somebody has walked; deleted when finished.
walks = Table(
    "walks",
    metadata,
    Column("id", Ref, primary_key=True),
    Column("person_ref", Ref, nullable=False),
    Column("agency_ref", Ref, nullable=False),
    Column("case_tag", Ref),
    Column("guide_version", Integer, nullable=False),
    Column("sealed_progress", LargeBinary, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
    Index("ix_walks_person_ref", "person_ref"),
)

# A case code that an agency works with: who works on it, and what they ticked together. ``sealed_case`` holds the code
# and the ticks. From the first member until a coordinator closes the case.
cases = Table(
    "cases",
    metadata,
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), primary_key=True),
    Column("tag", Ref, primary_key=True),
    Column("sealed_case", LargeBinary, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
)

# Who may see a case's ticks. Gone with the case, or when access ends.
case_members = Table(
    "case_members",
    metadata,
    Column("agency_ref", Ref, primary_key=True),
    Column("tag", Ref, primary_key=True),
    Column("person_ref", Ref, ForeignKey("people.ref"), primary_key=True),
    Column("since", BigInteger, nullable=False),
    ForeignKeyConstraint(["agency_ref", "tag"], ["cases.agency_ref", "cases.tag"]),
    Index("ix_case_members_person_ref", "person_ref"),
)

# Each version of the guide that somebody walks, as approved content in clear; gone when nobody walks it any more.
guide_versions = Table(
    "guide_versions",
    metadata,
    Column("language", String(16), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# A release plan: case, release date, ticks; deleted when dropped, and when the person's access ends.
plans = Table(
    "plans",
    metadata,
    Column("id", Ref, primary_key=True),
    Column("person_ref", Ref, nullable=False),
    Column("agency_ref", Ref, nullable=False),
    Column("case_tag", Ref, nullable=False),
    Column("sealed_body", LargeBinary, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
    Index("ix_plans_person_ref", "person_ref"),
    Index("ix_plans_agency_ref", "agency_ref", "case_tag"),
)

# How often an answer helped; counts alone.
feedback = Table(
    "feedback",
    metadata,
    Column("answer", String(64), primary_key=True),
    Column("helpful", Integer, primary_key=True),
    Column("times", Integer, nullable=False),
)

# A theme of questions that were not answered (storage.gaps), without who asked; gone when its questions are out of
# date. ``day``: midnight of its oldest question. No row ids: they would tell in which order themes came.
gaps = Table(
    "gaps",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), nullable=False),
    Column("day", BigInteger, nullable=False),
    Column("sealed_theme", LargeBinary, nullable=False),
    Index("ix_gaps_agency_ref", "agency_ref"),
    sqlite_with_rowid=False,
)

# A wish to be told when a question is answered (storage.awaited); whose it is, is sealed. ``until``: a midnight.
awaited = Table(
    "awaited",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("sealed_wish", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# A case system that notes go to, as the sync process found it in its file of destinations; never deleted. ``state``:
# open | down (nothing gets through; tried again from ``next_at`` on) | held (by a person) | unconfirmed (it is
# somewhere else than before, and nobody has said that this is right). ``place_hash`` is of where it is; ``cursor`` says
# how far its records were read. ``rejects``, ``reject_why``, ``rejects_from``: how many notes it refused one after
# another, for which one reason, since when.
destinations = Table(
    "destinations",
    metadata,
    Column("name", String(30), primary_key=True),
    Column("agency_ref", Ref, ForeignKey("agencies.ref"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("disclosure", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("why", String(32), nullable=False),
    Column("place_hash", LargeBinary(32), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", BigInteger),
    Column("next_at", BigInteger, nullable=False),
    Column("last_ok_at", BigInteger),
    Column("looked_at", BigInteger),
    Column("alarm_s", Integer, nullable=False),
    Column("alarmed_at", BigInteger),
    Column("cursor", String(255), nullable=False),
    Column("rejects", Integer, nullable=False),
    Column("reject_why", String(32), nullable=False),
    Column("rejects_from", BigInteger, nullable=False),
)

# One version of a note for one destination, put in the note's transaction; gone with its note. ``state``:
#   pending    to be delivered, from ``next_at`` on; ``case_seq`` is empty while the note may still be undone
#   leased     being delivered by whoever knows ``lease``, until ``lease_until``
#   sent       handed in; whether it was taken is told later
#   acked      it is there
#   parked     a person must look (``why``), or ``next_at`` come
#   dead       a person gave it up
#   withdrawn  undone or erased before it was delivered
# ``ambiguous``: it may be there; it is looked for before it is sent. ``mapper``: which version of the mapping made its
# bytes, for ever; ``disclosure`` how much of it leaves; ``withhold``: its attachments stay here. ``hash_for_sync``: of
# what was sent first, for the sync key alone; what is sent again must have it, too.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("destination", String(30), ForeignKey("destinations.name"), nullable=False),
    Column("agency_ref", Ref, nullable=False),
    Column("note_id", Ref, ForeignKey("notes.id"), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("disclosure", String(8), nullable=False),
    Column("case_key", Ref, nullable=False),
    Column("case_seq", Integer),
    Column("waits_for", Ref),
    Column("state", String(12), nullable=False),
    Column("why", String(32), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger),
    Column("lease", Ref),
    Column("lease_until", BigInteger),
    Column("ambiguous", SmallInteger, nullable=False),
    Column("mapper", SmallInteger),
    Column("withhold", SmallInteger, nullable=False),
    Column("hash_for_sync", LargeBinary(64)),
    Column("remote_id", String(255), nullable=False),
    Column("remote_url", String(512), nullable=False),
    Column("remote_state", String(12), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("done_at", BigInteger),
    UniqueConstraint("destination", "note_id", "version"),
    Index("ix_deliveries_state", "destination", "state", "id"),
    Index("ix_deliveries_case", "destination", "case_key", "case_seq"),
    Index("ix_deliveries_note_id", "note_id"),
    sqlite_autoincrement=True,
)

# What became of each attempt: codes alone, never a word of a note or of an answer. Gone with its delivery.
delivery_log = Table(
    "delivery_log",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("delivery_id", BigInteger, ForeignKey("deliveries.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("why", String(32), nullable=False),
    Column("worker", Ref, nullable=False),
    Index("ix_delivery_log_delivery_id", "delivery_id"),
    sqlite_autoincrement=True,
)

# How many notes of a case were released so far: the order in which they are delivered.
case_counters = Table(
    "case_counters",
    metadata,
    Column("agency_ref", Ref, primary_key=True),
    Column("case_key", Ref, primary_key=True),
    Column("last", Integer, nullable=False),
)

# A batch of files for a destination that takes them. Its bytes are fixed before they are written anywhere, and kept
# until it is acknowledged: a repeat is the same.
batches = Table(
    "batches",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("last_seq", Integer, nullable=False),
    Column("last_line_sha256", LargeBinary(32), nullable=False),
    Column("manifest_sha256", LargeBinary(32), nullable=False),
    Column("data", LargeBinary),  # encrypted to the agency
    Column("manifest", LargeBinary),
    Column("signature", LargeBinary),
    Column("written_at", BigInteger),
    Column("acked_at", BigInteger),
)

# Which delivery stands in which line of which batch.
batch_lines = Table(
    "batch_lines",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("batch", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("note_id", Ref, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Index("ix_batch_lines_note_id", "note_id"),
)

# What was erased or ended, so that the restore of an older backup does so again (storage.deletions); kept for good.
# ``about`` is refs, never a word. ``noted_at``: the hour in which it was written to their file, too.
deletions = Table(
    "deletions",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("about", LargeBinary(64), nullable=False),
    Column("noted_at", BigInteger),
    Index("ix_deletions_noted_at", "noted_at"),
)

# Who did what, in a chain of hashes (storage.audit_chain); only ever added to, held by triggers and the authorizer.
# ``about`` is a note's id, a person's or agency's ref, 16 bytes of an invite's or manifest's hash; ``agency_ref`` is
# empty for what concerns all agencies.
audit = Table(
    "audit",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor", Ref, nullable=False),
    Column("action", String(32), nullable=False),
    Column("agency_ref", LargeBinary(16), nullable=False),
    Column("about", LargeBinary(32), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("sealed_reason", LargeBinary, nullable=False),
    Column("prev", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

# The one-time link that `/page` gave to a person, as a hash; gone when used, or replaced by the next.
page_links = Table(
    "page_links",
    metadata,
    Column("person_ref", Ref, ForeignKey("people.ref"), primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("expires_at", BigInteger, nullable=False),
)

# A session of the page, as a hash of its token. ``kid``: the key that was proved; None: an author's, by link or
# Telegram. ``proved_at``: when a challenge was last answered. Gone when it ends, and with the person's access.
page_sessions = Table(
    "page_sessions",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("person_ref", Ref, ForeignKey("people.ref")),
    Column("kid", Ref),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("proved_at", BigInteger),
    Index("ix_page_sessions_person_ref", "person_ref"),
)

# A challenge that waits for its answer, which it knows as a hash; gone with the first try, and after a minute.
page_challenges = Table(
    "page_challenges",
    metadata,
    Column("id", Ref, primary_key=True),
    Column("kid", Ref, nullable=False),
    Column("answer_hash", LargeBinary(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# How often answers for a key were wrong from one address (``ref`` is keyed over both), and until when no more is taken.
page_failures = Table(
    "page_failures",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# Telegram's initData that was used, as a hash, for as long as it would be good.
page_used = Table(
    "page_used",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False),
)

# How many notes the page brought on a day (``day``: its midnight, UTC) of a person, or to an agency; for two days.
page_counts = Table(
    "page_counts",
    metadata,
    Column("ref", Ref, primary_key=True),
    Column("day", BigInteger, primary_key=True),
    Column("notes", Integer, nullable=False),
)

# Whose a desk's key is, for acts that people do; from linking until it is released. It outlives the person's access, so
# that their key, while it stands on a desk, does not log in as nobody's.
key_holders = Table(
    "key_holders",
    metadata,
    Column("kid", Ref, primary_key=True),
    Column("person_ref", Ref, ForeignKey("people.ref"), nullable=False),
    Column("since", BigInteger, nullable=False),
    Index("ix_key_holders_person_ref", "person_ref"),
)

# A note whose attachments were sent up and which is still to come itself; swept with them after a day.
page_uploads = Table(
    "page_uploads",
    metadata,
    Column("note_id", Ref, primary_key=True),
    Column("person_ref", Ref, nullable=False),
    Column("at", BigInteger, nullable=False),
)
