"""Tags of notes; like decks, they can have levels separated by ``::``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import func, select

from recollect.collection import schema
from recollect.collection.codecs import clean_name, without_controls
from recollect.collection.transaction import Transaction

__all__ = ["add_tags", "clean_tags", "list_tags", "remove_tags", "rename_tag", "touch_notes"]

_tags = schema.note_tags


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags in alphabetical order, each once, Unicode NFC, ``_`` for the spaces in them.

    Raises:
        NoteError: a tag is too long.
    """
    return tuple(sorted({cleaned for tag in tags if (cleaned := _clean_tag(tag))}))


def list_tags(transaction: Transaction) -> dict[str, int]:
    """How many notes have each tag, in alphabetical order."""
    query = select(_tags.c.tag, func.count()).group_by(_tags.c.tag)
    return dict(sorted((tag, count) for tag, count in transaction.execute(query)))


def add_tags(transaction: Transaction, note_ids: Iterable[int], tags: Iterable[str]) -> int:
    """Give notes tags.

    Returns:
        How many notes got one that they had not.

    Raises:
        NoteError: a tag is too long.
        CollectionError: there is no such note.
    """
    wanted, ids = clean_tags(tags), set(note_ids)
    there = {tuple(row) for row in transaction.rows(_tags, "note_id", ids)}
    rows = [(number, tag) for number in sorted(ids) for tag in wanted]
    new = [row for row in rows if row not in there]
    transaction.insert(_tags, new)
    touched = {number for number, _ in new}
    touch_notes(transaction, touched)
    return len(touched)


def remove_tags(transaction: Transaction, note_ids: Iterable[int], tags: Iterable[str]) -> int:
    """Take tags from notes; returns from how many."""
    wanted = set(clean_tags(tags))
    rows = [row for row in transaction.rows(_tags, "note_id", set(note_ids)) if row[1] in wanted]
    transaction.delete_keys(_tags, rows)
    touched = {row[0] for row in rows}
    touch_notes(transaction, touched)
    return len(touched)


def rename_tag(transaction: Transaction, old: str, new: str) -> int:
    """Give a tag, and those within it, another name; returns how many notes changed.

    Raises:
        NoteError: the new name is empty or too long.
    """
    (before,), (after,) = (clean_tags([clean_name(tag, "tag")]) for tag in (old, new))
    names = [
        tag for tag in list_tags(transaction) if tag == before or tag.startswith(f"{before}::")
    ]
    rows = transaction.rows(_tags, "tag", names)
    transaction.delete_keys(_tags, rows)
    touched = {row[0] for row in rows}
    there = {tuple(row) for row in transaction.rows(_tags, "note_id", touched)}
    renamed = {(note, after + tag.removeprefix(before)) for note, tag in rows}
    transaction.insert(_tags, sorted(renamed - there))
    touch_notes(transaction, touched)
    return len(touched)


def touch_notes(transaction: Transaction, note_ids: Iterable[int]) -> None:
    """Say that notes were changed now."""
    at = list(schema.notes.columns).index(schema.notes.c.modified_at_ms)
    rows = transaction.rows(schema.notes, "id", note_ids)
    transaction.update(
        schema.notes, [(*row[:at], transaction.now_ms, *row[at + 1 :]) for row in rows]
    )


@lru_cache(maxsize=10_000)
def _clean_tag(tag: str) -> str:
    joined = "_".join(without_controls(tag).split())
    return clean_name(joined, "tag") if joined else ""
