"""Note types for notes that come without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recollect.collection import Field, NoteType, Template, Transaction, note_types

__all__ = ["basic_type", "both_ways_type", "cloze_type", "made_type", "named_fields_type"]

_CSS = ".card { font-family: sans-serif; font-size: 20px; text-align: center; }\n"
_CLOZE_CSS = f"{_CSS}.cloze {{ font-weight: bold; color: #0057b7; }}\n"
_ANSWER = "{{FrontSide}}\n\n<hr id=answer>\n\n"


def basic_type() -> NoteType:
    """Front and back."""
    return _type("Basic", ("Front", "Back"), (("Card 1", "{{Front}}", _ANSWER + "{{Back}}"),))


def cloze_type() -> NoteType:
    """A text with gaps."""
    templates = (("Cloze", "{{cloze:Text}}", "{{cloze:Text}}<br>\n{{Back Extra}}"),)
    return _type("Cloze", ("Text", "Back Extra"), templates, kind="cloze")


def both_ways_type() -> NoteType:
    """Two prompts with an answer each: the same fact, asked both ways."""
    fields = ("Prompt", "Answer", "Reverse prompt", "Reverse answer")
    return _type(
        "Both ways",
        fields,
        (
            ("Forward", "{{Prompt}}", _ANSWER + "{{Answer}}"),
            ("Reverse", "{{Reverse prompt}}", _ANSWER + "{{Reverse answer}}"),
        ),
    )


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


def _type(
    name: str,
    fields: Sequence[str],
    templates: Sequence[tuple[str, str, str]],
    kind: str = "normal",
) -> NoteType:
    return NoteType(
        id=0,
        name=name,
        kind="cloze" if kind == "cloze" else "normal",
        fields=tuple(Field(field) for field in fields),
        templates=tuple(Template(*template) for template in templates),
        css=_CLOZE_CSS if kind == "cloze" else _CSS,
    )
