"""Note types for notes that come without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recollect.collection import Field, NoteType, Template, Transaction, note_types
from recollect.collection.stock import STOCK

__all__ = ["STOCK_BY_NAME", "made_type", "named_fields_type"]

_CSS = STOCK["basic"].css
_ANSWER = "{{FrontSide}}\n\n<hr id=answer>\n\n"


def named_fields_type(name: str, fields: Sequence[str]) -> NoteType:
    """The first field asks, all others answer."""
    rest = "<br>\n".join(f"{{{{{field}}}}}" for field in fields[1:])
    return _type(name, fields, (("Card 1", f"{{{{{fields[0]}}}}}", _ANSWER + rest),))


def made_type(transaction: Transaction, wanted: NoteType) -> tuple[NoteType, bool]:
    """The note type of that name if its fields are these, or a new one; whether it is new.

    Raises:
        NoteError: a name of a field cannot be used.
    """
    name, number = wanted.name, 2
    while True:
        there = note_types.find_note_type(transaction, name)
        if there is None:
            return note_types.add_note_type(transaction, replace(wanted, name=name)), True
        if there.field_names == wanted.field_names and there.kind == wanted.kind:
            return there, False
        name, number = f"{wanted.name} ({number})", number + 1


def _type(name: str, fields: Sequence[str], templates: Sequence[tuple[str, str, str]]) -> NoteType:
    return NoteType(
        id=0,
        name=name,
        kind="normal",
        fields=tuple(Field(field) for field in fields),
        templates=tuple(Template(*template) for template in templates),
        css=_CSS,
    )


_BOTH_WAYS = _type(
    "Both ways",
    ("Prompt", "Answer", "Reverse prompt", "Reverse answer"),
    (
        ("Forward", "{{Prompt}}", _ANSWER + "{{Answer}}"),
        ("Reverse", "{{Reverse prompt}}", _ANSWER + "{{Reverse answer}}"),
    ),
)

STOCK_BY_NAME = {item.name.casefold(): item for item in (*STOCK.values(), _BOTH_WAYS)}
"""Note types that a file can name without their being there, by name in small letters."""
