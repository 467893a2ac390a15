"""Notes as a text file has them, before they meet a collection."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TextFile", "TextNote"]


@dataclass(frozen=True)
class TextNote:
    """A row, or a block, of a text file.

    Attributes:
        row: where it begins, from 1, as an editor shows it.
        fields: its texts, HTML, in the order of the columns.
        tags: its tags.
        deck: its deck, where the file says so.
        note_type: its note type, where the file says so.
        guid: its guid, where the file says so.
    """

    row: int
    fields: tuple[str, ...]
    tags: tuple[str, ...] = ()
    deck: str = ""
    note_type: str = ""
    guid: str = ""


@dataclass(frozen=True)
class TextFile:
    """What a text file holds.

    Attributes:
        notes: in order.
        columns: names of the fields, where the file has a header; else empty.
        deck: deck of the notes that do not name theirs.
        note_type: note type of the notes that do not name theirs.
        blank_rows: rows with an empty first field, which are left out.
    """

    notes: tuple[TextNote, ...]
    columns: tuple[str, ...] = ()
    deck: str = ""
    note_type: str = ""
    blank_rows: int = 0
