"""The tables of a collection, the same on SQLite and PostgreSQL.

Times are integers, ms since 1970 UTC (``*_ms``); days are integers, days since 1970 in the
learner's own count (``due_day``, ``buried_until_day``). Ids are big integers, by custom the ms at
which a thing was made. JSON is kept as text: what we merely carry along, and lists of texts.

Two tables only grow: ``reviews`` (an answer taken back is named in ``voided_reviews``) and
``note_versions`` (every text that a note has had). They point to cards and notes without a foreign
key, because they outlive them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "DERIVED",
    "LONGEST_NAME",
    "PHASES",
    "REVIEW_KINDS",
    "cards",
    "changes",
    "decks",
    "fields",
    "media",
    "media_blobs",
    "metadata",
    "note_tags",
    "note_types",
    "note_versions",
    "notes",
    "presets",
    "reviews",
    "settings",
    "templates",
    "voided_reviews",
]

PHASES = ("new", "learning", "review", "relearning")
REVIEW_KINDS = ("learning", "review", "relearning", "filtered", "manual", "rescheduled")

DERIVED = frozenset({"search_texts", "search_state"})
"""Tables that follow from the others: in no backup, and dropped where rows are replaced."""

LONGEST_NAME = 500
"""Characters of a name: what is unique has an index, and PostgreSQL's hold 2,704 bytes."""

# A big integer that SQLite takes for the row's own number where it is the primary key.
_Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    # Not with IN, for which SQLite builds a list afresh for every row that is written.
    rule = " OR ".join(f"{column} = '{value}'" for value in values)
    return CheckConstraint(rule, name=column)


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=False)


def _big(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def _text(name: str, *, nullable: bool = False, unique: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, unique=unique)


def _extra() -> Column[str]:
    return Column("extra", Text, nullable=False)


settings = Table(
    "settings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _big("created_at_ms"),
    _text("time_zone"),
    _whole("rollover_hour"),
    _big("fuzz_seed"),
    _extra(),
    CheckConstraint("id = 1", name="one"),
)

presets = Table("presets", metadata, _id(), _text("name", unique=True), _text("settings"), _extra())

decks = Table(
    "decks",
    metadata,
    _id(),
    _text("name", unique=True),
    _text("description"),
    Column("preset_id", BigInteger, ForeignKey("presets.id"), nullable=True, index=True),
    Column("is_filtered", Boolean, nullable=False),
    _extra(),
)

note_types = Table(
    "note_types",
    metadata,
    _id(),
    _text("name", unique=True),
    _text("kind"),
    _text("css"),
    _extra(),
    _big("modified_at_ms"),
    _one_of("kind", ("normal", "cloze")),
)

fields = Table(
    "fields",
    metadata,
    Column("note_type_id", BigInteger, ForeignKey("note_types.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _text("name"),
    _extra(),
    UniqueConstraint("note_type_id", "name"),
)

templates = Table(
    "templates",
    metadata,
    Column("note_type_id", BigInteger, ForeignKey("note_types.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _text("name"),
    _text("question"),
    _text("answer"),
    _extra(),
    UniqueConstraint("note_type_id", "name"),
)

notes = Table(
    "notes",
    metadata,
    _id(),
    _text("guid", unique=True),
    Column("note_type_id", BigInteger, ForeignKey("note_types.id"), nullable=False, index=True),
    _whole("version"),
    _big("modified_at_ms"),
    _extra(),
)

note_versions = Table(
    "note_versions",
    metadata,
    Column("note_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _text("fields"),
    _text("sha256"),
    _big("written_at_ms"),
)

note_tags = Table(
    "note_tags",
    metadata,
    Column("note_id", BigInteger, ForeignKey("notes.id"), primary_key=True),
    Column("tag", Text, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

cards = Table(
    "cards",
    metadata,
    _id(),
    Column("note_id", BigInteger, ForeignKey("notes.id"), nullable=False),
    Column("deck_id", BigInteger, ForeignKey("decks.id"), nullable=False),
    Column("original_deck_id", BigInteger, ForeignKey("decks.id"), nullable=True, index=True),
    _whole("ordinal"),
    _text("phase"),
    _big("due_at_ms", nullable=True),
    _whole("due_day", nullable=True),
    _big("position", nullable=True),
    _whole("interval_days"),
    _whole("step", nullable=True),
    Column("suspended", Boolean, nullable=False),
    _whole("buried_until_day", nullable=True),
    _whole("flag"),
    _extra(),
    UniqueConstraint("note_id", "ordinal"),
    _one_of("phase", PHASES),
    # What a day of study asks for: the cards of a deck in a phase, by when they are due.
    Index(None, "deck_id", "phase", "due_day"),
)

reviews = Table(
    "reviews",
    metadata,
    _id(),
    _big("card_id"),
    _big("answered_at_ms"),
    _whole("rating"),
    _text("kind"),
    _big("duration_ms"),
    _text("typed", nullable=True),
    _big("interval_before"),
    _big("interval_after"),
    _whole("ease_factor"),
    Column("predicted_recall", Double, nullable=True),
    _text("reason", nullable=True),
    CheckConstraint("rating BETWEEN 0 AND 4", name="rating"),
    _one_of("kind", REVIEW_KINDS),
    Index(None, "card_id", "id"),
)

voided_reviews = Table(
    "voided_reviews",
    metadata,
    Column("review_id", _Id, ForeignKey("reviews.id"), primary_key=True, autoincrement=False),
    _big("voided_at_ms"),
)

media = Table(
    "media",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False, index=True),
    _big("size_bytes"),
)

# Only where there is no folder beside the collection: in PostgreSQL.
media_blobs = Table(
    "media_blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    _id(),
    _big("made_at_ms"),
    _text("title"),
    Column("inverse", LargeBinary, nullable=False),
    Column("undone", Boolean, nullable=False),
)
