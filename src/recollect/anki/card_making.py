"""Which cards a note has: one for each template that shows something, or each cloze number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recollect.collection import NoteType

__all__ = ["made_ordinals"]

_TAG = re.compile(r"{{\s*([#^/]?)\s*([^{}]*?)\s*}}")
_CLOZE = re.compile(r"{{c(\d{1,3})::", re.IGNORECASE)
_MARKUP = re.compile(r"<(?!img|video|audio|object)[^>]*>|&nbsp;|\s", re.IGNORECASE)
_MOST_CLOZES = 500


def made_ordinals(note_type: NoteType, fields: Sequence[str]) -> list[int]:
    """Ordinals of the cards that a note of these fields has, at least one.

    A card is made where its question shows a field that is not empty; plain text around does not
    count, as in Anki.
    """
    if note_type.kind == "cloze":
        numbers = {int(number) for text in fields for number in _CLOZE.findall(text)}
        found = sorted(number - 1 for number in numbers if 0 < number <= _MOST_CLOZES)
    else:
        filled = {
            name.casefold()
            for name, text in zip(note_type.field_names, fields, strict=True)
            if _MARKUP.sub("", text)
        }
        found = [
            at
            for at, template in enumerate(note_type.templates)
            if _shows_a_field(template.question, filled)
        ]
    return found or [0]


def _shows_a_field(question: str, filled: set[str]) -> bool:
    conditions: list[bool] = []
    for mark, name in _TAG.findall(question):
        field = name.rpartition(":")[2].strip().casefold()
        if mark == "/":
            del conditions[-1:]
        elif mark:
            conditions.append((field in filled) == (mark == "#"))
        elif field in filled and all(conditions):
            return True
    return False
