"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _id(name: str = "id") -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def _big(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _whole(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    return _check(table, column, " OR ".join(f"{column} = '{value}'" for value in values))


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    """Make the tables."""
    _settings_and_decks()
    _note_types()
    _notes_and_cards()
    _reviews()
    _media_and_changes()


def _settings_and_decks() -> None:
    op.create_table(
        "settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        _big("created_at_ms"),
        _text("time_zone"),
        _whole("rollover_hour"),
        _big("fuzz_seed"),
        _text("extra"),
        _key("settings", "id"),
        _check("settings", "one", "id = 1"),
    )
    op.create_table(
        "presets",
        _id(),
        _text("name"),
        _text("settings"),
        _text("extra"),
        _key("presets", "id"),
        _unique("presets", "name"),
    )
    op.create_table(
        "decks",
        _id(),
        _text("name"),
        _text("description"),
        _big("preset_id", nullable=True),
        _flag("is_filtered"),
        _text("extra"),
        _key("decks", "id"),
        _points("decks", "preset_id", "presets"),
        _unique("decks", "name"),
    )
    _index("decks", "preset_id")


def _note_types() -> None:
    op.create_table(
        "note_types",
        _id(),
        _text("name"),
        _text("kind"),
        _text("css"),
        _text("extra"),
        _big("modified_at_ms"),
        _key("note_types", "id"),
        _unique("note_types", "name"),
        _one_of("note_types", "kind", "normal", "cloze"),
    )
    op.create_table(
        "fields",
        _big("note_type_id"),
        _whole("position"),
        _text("name"),
        _text("extra"),
        _key("fields", "note_type_id", "position"),
        _points("fields", "note_type_id", "note_types"),
        _unique("fields", "note_type_id", "name"),
    )
    op.create_table(
        "templates",
        _big("note_type_id"),
        _whole("position"),
        _text("name"),
        _text("question"),
        _text("answer"),
        _text("extra"),
        _key("templates", "note_type_id", "position"),
        _points("templates", "note_type_id", "note_types"),
        _unique("templates", "note_type_id", "name"),
    )


def _notes_and_cards() -> None:
    op.create_table(
        "notes",
        _id(),
        _text("guid"),
        _big("note_type_id"),
        _whole("version"),
        _big("modified_at_ms"),
        _text("extra"),
        _key("notes", "id"),
        _points("notes", "note_type_id", "note_types"),
        _unique("notes", "guid"),
    )
    _index("notes", "note_type_id")
    op.create_table(
        "note_versions",
        _big("note_id"),
        _whole("version"),
        _text("fields"),
        _text("sha256"),
        _big("written_at_ms"),
        _key("note_versions", "note_id", "version"),
    )
    op.create_table(
        "note_tags",
        _big("note_id"),
        _text("tag"),
        _key("note_tags", "note_id", "tag"),
        _points("note_tags", "note_id", "notes"),
        sqlite_with_rowid=False,
    )
    _index("note_tags", "tag")
    op.create_table(
        "cards",
        _id(),
        _big("note_id"),
        _big("deck_id"),
        _big("original_deck_id", nullable=True),
        _whole("ordinal"),
        _text("phase"),
        _big("due_at_ms", nullable=True),
        _whole("due_day", nullable=True),
        _big("position", nullable=True),
        _whole("interval_days"),
        _whole("step", nullable=True),
        _flag("suspended"),
        _whole("buried_until_day", nullable=True),
        _whole("flag"),
        _text("extra"),
        _key("cards", "id"),
        _points("cards", "note_id", "notes"),
        _points("cards", "deck_id", "decks"),
        _points("cards", "original_deck_id", "decks"),
        _unique("cards", "note_id", "ordinal"),
        _one_of("cards", "phase", "new", "learning", "review", "relearning"),
    )
    _index("cards", "original_deck_id")
    _index("cards", "deck_id", "phase", "due_day")


def _reviews() -> None:
    kinds = ("learning", "review", "relearning", "filtered", "manual", "rescheduled")
    op.create_table(
        "reviews",
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
        sa.Column("predicted_recall", sa.Double(), nullable=True),
        _text("reason", nullable=True),
        _key("reviews", "id"),
        _check("reviews", "rating", "rating BETWEEN 0 AND 4"),
        _one_of("reviews", "kind", *kinds),
    )
    _index("reviews", "card_id", "id")
    op.create_table(
        "voided_reviews",
        _id("review_id"),
        _big("voided_at_ms"),
        _key("voided_reviews", "review_id"),
        _points("voided_reviews", "review_id", "reviews"),
    )


def _media_and_changes() -> None:
    op.create_table(
        "media",
        _text("name"),
        _text("sha256"),
        _big("size_bytes"),
        _key("media", "name"),
    )
    _index("media", "sha256")
    op.create_table(
        "media_blobs",
        _text("sha256"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _key("media_blobs", "sha256"),
    )
    op.create_table(
        "changes",
        _id(),
        _big("made_at_ms"),
        _text("title"),
        sa.Column("inverse", sa.LargeBinary(), nullable=False),
        _flag("undone"),
        _key("changes", "id"),
    )
