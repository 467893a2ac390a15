"""The two sides of a card: the templates of its note type filled with the fields of its note.

Templates are Anki's: ``{{Field}}``, ``{{#Field}}…{{/Field}}``, ``{{^Field}}…{{/Field}}``,
``{{FrontSide}}``, ``{{Tags}}``, ``{{Type}}``, ``{{Deck}}``, ``{{Subdeck}}``, ``{{Card}}``, and the
filters ``cloze:``, ``type:``, ``text:`` and ``hint:``; a filter that is not known changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from recollect.collection import decks, note_types, notes
from recollect.collection.rows import Card, NoteType
from recollect.collection.transaction import Transaction
from recollect.study.plain_text import plain_text

__all__ = ["Faces", "faces_of", "filled"]

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CLOZE_BEGIN = re.compile(r"\{\{c(\d+)::")
_ANSWER_LINE = re.compile(r"<hr[^>]*id=[\"']?answer[\"']?[^>]*>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Faces:
    """What is shown of a card.

    Attributes:
        front: HTML of the question.
        back: HTML of the answer, with the question where the template says so.
        css: style of both.
        answer: plain text of the answer alone.
        typed: plain text of the field that the template asks to type, if it does.
    """

    front: str
    back: str
    css: str
    answer: str
    typed: str | None

    @property
    def front_text(self) -> str:
        """The question as plain text."""
        return plain_text(self.front)

    @property
    def back_text(self) -> str:
        """The answer as plain text."""
        return plain_text(self.back)


def faces_of(transaction: Transaction, card: Card) -> Faces:
    """Render a card.

    Raises:
        UnknownNameError: its note or deck is gone.
    """
    note = notes.get_note(transaction, card.note_id)
    kind = note_types.get_note_type(transaction, note.note_type_id)
    deck = decks.get_deck(transaction, card.home_deck_id)
    at = 0 if kind.kind == "cloze" else min(card.ordinal, len(kind.templates) - 1)
    template = kind.templates[at]
    values = dict(zip(kind.field_names, note.fields, strict=True))
    special = {
        "Tags": " ".join(note.tags),
        "Type": kind.name,
        "Deck": deck.name,
        "Subdeck": deck.name.rpartition(decks.SEPARATOR)[2],
        "Card": template.name,
    }
    cloze = card.ordinal + 1 if kind.kind == "cloze" else None
    front = filled(template.question, special | values, cloze=cloze, side="front")
    with_front = {"FrontSide": front} | special | values
    back = filled(template.answer, with_front, cloze=cloze, side="back")
    alone = filled(template.answer, {"FrontSide": ""} | special | values, cloze=cloze, side="back")
    return Faces(
        front=front,
        back=back,
        css=kind.css,
        answer=plain_text(_ANSWER_LINE.split(alone)[-1]),
        typed=_typed(template.question, kind, values, cloze),
    )


def filled(template: str, values: Mapping[str, str], *, cloze: int | None, side: str) -> str:
    """A template with the values in their places.

    Args:
        template: HTML.
        values: by name.
        cloze: number of the cloze that is asked for; None for normal cards.
        side: ``front`` or ``back``.
    """
    out: list[str] = []
    shown = [True]
    opened: list[str] = []
    at = 0
    template = _COMMENT.sub("", template)
    for tag in _TAG.finditer(template):
        if shown[-1]:
            out.append(template[at : tag.start()])
        at = tag.end()
        name = tag[1].strip()
        if name[:1] in ("#", "^"):
            key = name[1:].strip()
            opened.append(key)
            has = bool(values.get(key, "").strip()) or _has_cloze(key, cloze)
            shown.append(shown[-1] and has == (name[0] == "#"))
        elif name[:1] == "/":
            if opened:
                opened.pop()
                shown.pop()
        elif shown[-1]:
            out.append(_value(name, values, cloze, side))
    if shown[-1]:
        out.append(template[at:])
    return "".join(out)


def _has_cloze(key: str, cloze: int | None) -> bool:
    return cloze is not None and key == f"c{cloze}"


def _value(name: str, values: Mapping[str, str], cloze: int | None, side: str) -> str:
    *filters, field = (part.strip() for part in name.split(":"))
    if field not in values:
        return f"{{no field named {field}}}"
    text = values[field]
    for kind in reversed(filters):
        if kind == "cloze":
            text = _clozed(text, cloze or 1, side)
        elif kind == "text":
            text = plain_text(text)
        elif kind == "type":
            text = "" if side == "front" else text
        elif kind == "hint" and side == "front":
            text = f"[hint: {field}]" if text else ""
    return text


def _clozed(text: str, number: int, side: str) -> str:
    """A field with its clozes closed (front) or open (back); clozes may lie within each other."""
    out: list[str] = []
    at = 0
    while (begin := _CLOZE_BEGIN.search(text, at)) is not None:
        out.append(text[at : begin.start()])
        end = _cloze_end(text, begin.end())
        inside = text[begin.end() : end]
        at = end + 2 if end < len(text) else end
        content, hint = _with_hint(inside)
        content = _clozed(content, number, side)
        if int(begin[1]) != number:
            out.append(content)
        elif side == "front":
            out.append(f"[{hint or '...'}]")
        else:
            out.append(f"<b>{content}</b>")
    out.append(text[at:])
    return "".join(out)


def _cloze_end(text: str, at: int) -> int:
    depth = 1
    while at < len(text):
        if _CLOZE_BEGIN.match(text, at):
            depth += 1
            at += 3
        elif text.startswith("}}", at):
            depth -= 1
            if depth == 0:
                return at
            at += 2
        else:
            at += 1
    return at


def _with_hint(inside: str) -> tuple[str, str]:
    """Content and hint: the hint stands behind the last ``::`` that is not in an inner cloze."""
    depth, split = 0, -1
    at = 0
    while at < len(inside):
        begin = _CLOZE_BEGIN.match(inside, at)
        if begin:
            depth += 1
            at = begin.end()
        elif inside.startswith("}}", at):
            depth -= 1
            at += 2
        elif depth == 0 and inside.startswith("::", at):
            split = at
            at += 2
        else:
            at += 1
    return (inside, "") if split < 0 else (inside[:split], inside[split + 2 :])


def _typed(
    question: str, kind: NoteType, values: Mapping[str, str], cloze: int | None
) -> str | None:
    for tag in _TAG.finditer(question):
        *filters, field = (part.strip() for part in tag[1].split(":"))
        if "type" in filters and field in kind.field_names:
            text = values[field]
            if "cloze" in filters and cloze is not None:
                text = ", ".join(_cloze_contents(text, cloze))
            return plain_text(text)
    return None


def _cloze_contents(text: str, number: int) -> list[str]:
    found = []
    for begin in _CLOZE_BEGIN.finditer(text):
        if int(begin[1]) == number:
            content, _ = _with_hint(text[begin.end() : _cloze_end(text, begin.end())])
            found.append(_clozed(content, -1, "back"))
    return found
