"""A query as a tree. ``str`` of a tree is a query that parses to the same tree.

Each leaf is one term of the language; ``span`` says which characters of the query it was read
from, and is of no account when trees are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from recollect.collection.search.patterns import Glob, Regex

__all__ = [
    "Added",
    "And",
    "DeckIs",
    "Duplicate",
    "Edited",
    "Everything",
    "Extra",
    "FieldIs",
    "Flag",
    "Ids",
    "Introduced",
    "Leaf",
    "Node",
    "Not",
    "NoteTypeIs",
    "Or",
    "PresetIs",
    "Property",
    "Rated",
    "Rescheduled",
    "Span",
    "State",
    "TagIs",
    "TemplateIs",
    "Text",
    "leaves",
]

Span = tuple[int, int]
"""First character and the one behind the last."""

_QUOTED = re.compile(r"[\s()]|^$|^(?:and|or)$", re.IGNORECASE)
_MODE = re.compile(r"re:|nc:")
_RAW = re.compile(r"\\.|\"", re.DOTALL)


@dataclass(frozen=True)
class Everything:
    """All cards: the empty query."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True)
class And:
    """Cards that are among those of every part; two parts at least."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(map(_within, self.parts))


@dataclass(frozen=True)
class Or:
    """Cards that are among those of some part; two parts at least."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(map(_within, self.parts))


@dataclass(frozen=True)
class Not:
    """All other cards."""

    part: Node

    def __str__(self) -> str:
        if isinstance(self.part, Not):
            return f"-({self.part})"
        return f"-{_within(self.part)}"


@dataclass(frozen=True)
class _Term:
    span: Span = field(default=(0, 0), compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Text(_Term):
    """Notes with a field in which the pattern stands.

    Attributes:
        pattern: what is sought; an expression looks at the fields' HTML.
        mode: ``"exact"``; ``"nc"`` without accents; ``"word"`` with a word's ends around it.
    """

    pattern: Glob | Regex
    mode: Literal["exact", "nc", "word"] = "exact"

    def __str__(self) -> str:
        if isinstance(self.pattern, Regex):
            return _raw("re:", self.pattern)
        if self.mode == "exact":
            return _shown("", self.pattern.text)
        return _shown("nc:" if self.mode == "nc" else "w:", self.pattern.text)


@dataclass(frozen=True)
class FieldIs(_Term):
    """Notes with a field of that name, all of which matches (or in which the expression does)."""

    name: Glob
    pattern: Glob | Regex
    ignore_marks: bool = False

    def __str__(self) -> str:
        name = f"{_escaped(self.name.text)}:"
        if isinstance(self.pattern, Regex):
            return _raw(f"{name}re:", self.pattern)
        return _shown(f"{name}nc:" if self.ignore_marks else name, self.pattern.text)


@dataclass(frozen=True)
class DeckIs(_Term):
    """Cards in decks of that name and those within them; ``filtered`` for filtered decks."""

    name: Glob

    def __str__(self) -> str:
        return _shown("deck:", self.name.text)


@dataclass(frozen=True)
class TagIs(_Term):
    """Notes with a tag of that name or within it; ``none`` for those without tags."""

    name: Glob | Regex
    ignore_marks: bool = False

    def __str__(self) -> str:
        if isinstance(self.name, Regex):
            return _raw("tag:re:", self.name)
        return _shown("tag:nc:" if self.ignore_marks else "tag:", self.name.text)


@dataclass(frozen=True)
class NoteTypeIs(_Term):
    """Notes of types of that name."""

    name: Glob

    def __str__(self) -> str:
        return _shown("note:", self.name.text)


@dataclass(frozen=True)
class TemplateIs(_Term):
    """Cards made by templates of that name, or by the template (cloze) of that number, from 1."""

    name: Glob

    def __str__(self) -> str:
        return _shown("card:", self.name.text)


@dataclass(frozen=True)
class PresetIs(_Term):
    """Cards in decks with presets of that name."""

    name: Glob

    def __str__(self) -> str:
        return _shown("preset:", self.name.text)


@dataclass(frozen=True)
class State(_Term):
    """Cards in that state: ``new``, ``learn``, ``review``, ``due``, ``suspended``, ``buried``."""

    name: str

    def __str__(self) -> str:
        return f"is:{self.name}"


@dataclass(frozen=True)
class Property(_Term):
    """Cards whose property compares so with a number.

    Attributes:
        name: which property.
        operator: ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``.
        value: the number.
        rating: for ``rated``, which answer alone counts.
    """

    name: str
    operator: str
    value: int | float
    rating: int | None = None

    def __str__(self) -> str:
        ending = "" if self.rating is None else f":{self.rating}"
        return f"prop:{self.name}{self.operator}{self.value!r}{ending}"


@dataclass(frozen=True)
class Added(_Term):
    """Cards made in the last days, today included."""

    days: int

    def __str__(self) -> str:
        return f"added:{self.days}"


@dataclass(frozen=True)
class Edited(_Term):
    """Cards of notes changed in the last days."""

    days: int

    def __str__(self) -> str:
        return f"edited:{self.days}"


@dataclass(frozen=True)
class Rated(_Term):
    """Cards answered in the last days, with that rating if one is given."""

    days: int
    rating: int | None = None

    def __str__(self) -> str:
        return f"rated:{self.days}" + ("" if self.rating is None else f":{self.rating}")


@dataclass(frozen=True)
class Introduced(_Term):
    """Cards answered for the first time in the last days."""

    days: int

    def __str__(self) -> str:
        return f"introduced:{self.days}"


@dataclass(frozen=True)
class Rescheduled(_Term):
    """Cards given another date by hand in the last days."""

    days: int

    def __str__(self) -> str:
        return f"resched:{self.days}"


@dataclass(frozen=True)
class Flag(_Term):
    """Cards with that flag; 0 for none."""

    number: int

    def __str__(self) -> str:
        return f"flag:{self.number}"


@dataclass(frozen=True)
class Ids(_Term):
    """Cards by number of the card, note, deck or note type (``cid``, ``nid``, ``did``, ``mid``)."""

    kind: Literal["cid", "nid", "did", "mid"]
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.kind}:{','.join(map(str, self.numbers))}"


@dataclass(frozen=True)
class Duplicate(_Term):
    """Notes of a type whose first field is that text."""

    note_type_id: int
    text: str

    def __str__(self) -> str:
        return _shown(f"dupe:{self.note_type_id},", _plain(self.text))


@dataclass(frozen=True)
class Extra(_Term):
    """What another part of the program finds."""

    name: str
    text: str

    def __str__(self) -> str:
        return _shown(f"{self.name}:", _plain(self.text))


Leaf = (
    Text
    | FieldIs
    | DeckIs
    | TagIs
    | NoteTypeIs
    | TemplateIs
    | PresetIs
    | State
    | Property
    | Added
    | Edited
    | Rated
    | Introduced
    | Rescheduled
    | Flag
    | Ids
    | Duplicate
    | Extra
)
Node = And | Or | Not | Everything | Leaf


def leaves(node: Node) -> Iterator[Leaf]:
    """The terms of a tree, from left to right."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case Everything():
            return
        case _:
            yield node


def _within(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or) else str(node)


def _escaped(text: str, characters: str = '":') -> str:
    """A pattern with what the syntax gives another meaning escaped: quotation marks and colons."""
    found = rf"(\\.)|([{characters}])"
    return re.sub(found, lambda m: m[1] or f"\\{m[2]}", text, flags=re.DOTALL)


def _plain(text: str) -> str:
    return re.sub(r"([\\*_])", r"\\\1", text)


def _shown(key: str, text: str) -> str:
    # Behind a keyword a colon is one, unless the value begins as if it were in another mode.
    shown = _escaped(text, '"' if key and not _MODE.match(text) else '":')
    if not key and shown.startswith("-"):
        shown = f"\\{shown}"
    whole = f"{key}{shown}"
    return f'"{whole}"' if _QUOTED.search(whole) else whole


def _raw(key: str, regex: Regex) -> str:
    text = _RAW.sub(lambda m: r"\"" if m[0] == '"' else m[0], regex.text)
    return f'"{key}{text}"'
