"""Note types that most cards need, made when they are first used."""

from __future__ import annotations

from recollect.collection.note_types import add_note_type, list_note_types
from recollect.collection.rows import Field, NoteType, Template
from recollect.collection.transaction import Transaction
from recollect.errors import UnknownNameError

__all__ = ["STOCK", "stock_note_type"]

_CSS = """\
.card {
  font-family: sans-serif;
  font-size: 1.25rem;
  line-height: 1.5;
  text-align: center;
}
"""
_CLOZE_CSS = (
    _CSS
    + """\
.cloze {
  font-weight: bold;
  color: #1d4ed8;
}
"""
)
_ANSWER = "{{FrontSide}}\n\n<hr id=answer>\n\n"


def _basic(name: str, *templates: Template) -> NoteType:
    return NoteType(0, name, "normal", (Field("Front"), Field("Back")), templates, _CSS)


_FORWARD = Template("Card 1", "{{Front}}", _ANSWER + "{{Back}}")
_REVERSE = Template("Card 2", "{{Back}}", _ANSWER + "{{Front}}")
_TYPED = Template("Card 1", "{{Front}}\n\n{{type:Back}}", "{{Front}}\n\n{{type:Back}}")
_CLOZE = Template("Cloze", "{{cloze:Text}}", "{{cloze:Text}}<br>\n{{Back Extra}}")

STOCK = {
    "basic": _basic("Basic", _FORWARD),
    "reversed": _basic("Basic (and reversed card)", _FORWARD, _REVERSE),
    "typed": _basic("Basic (type in the answer)", _TYPED),
    "cloze": NoteType(
        0, "Cloze", "cloze", (Field("Text"), Field("Back Extra")), (_CLOZE,), _CLOZE_CSS
    ),
}
"""The note types by a short name of ours; those with these fields and templates are taken."""


def stock_note_type(transaction: Transaction, name: str) -> NoteType:
    """The collection's note type of that kind, added if there is none.

    One of the same kind with fields of the same names and as many templates will do, whatever its
    templates have become; where only the name is taken, the new one gets a number behind it.

    Args:
        transaction: to write with.
        name: a key of :data:`STOCK`.

    Raises:
        UnknownNameError: there is no such key.
    """
    if name not in STOCK:
        raise UnknownNameError("stock note type", name, STOCK)
    wanted = STOCK[name]
    there = {kind.name: kind for kind in list_note_types(transaction)}
    number, tried = 1, wanted.name
    while tried in there:
        if _fits(there[tried], wanted):
            return there[tried]
        number += 1
        tried = f"{wanted.name} {number}"
    made = NoteType(
        0,
        tried,
        wanted.kind,
        wanted.fields,
        wanted.templates,
        wanted.css,
        modified_at_ms=transaction.now_ms,
    )
    return add_note_type(transaction, made)


def _fits(there: NoteType, wanted: NoteType) -> bool:
    return (
        there.kind == wanted.kind
        and there.field_names == wanted.field_names
        and len(there.templates) == len(wanted.templates)
    )
