"""A card as its learner sees it: HTML of the question and of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recollect.collection.cloze import cloze_numbers
from recollect.collection.filters import TYPE_MARK, FilterContext, apply_filters
from recollect.collection.markup import escape
from recollect.collection.rows import Card, Note, NoteType, Template
from recollect.collection.templates import (
    FieldNode,
    Node,
    cloze_fields,
    field_is_empty,
    parse_template,
    shows_something,
)
from recollect.errors import NoteError

__all__ = [
    "TYPE_MARK",
    "RenderedCard",
    "TypeIn",
    "card_ordinals",
    "fill_type_mark",
    "render_card",
    "template_of",
]


@dataclass(frozen=True, slots=True)
class TypeIn:
    """What the learner is to type.

    Attributes:
        expected: plain text.
        exact: False where accents do not matter.
    """

    expected: str
    exact: bool


@dataclass(frozen=True, slots=True)
class RenderedCard:
    """A card to show.

    Attributes:
        question: HTML that nobody has checked; sanitise it before a browser gets it.
        answer: the same; it usually repeats the question.
        css: style of the note type, unchecked as well.
        type_in: what is to be typed where :data:`TYPE_MARK` stands, if anything.
        is_blank: nothing of the note is in the question: Anki calls such a card empty.
    """

    question: str
    answer: str
    css: str
    type_in: TypeIn | None
    is_blank: bool


def card_ordinals(note_type: NoteType, fields: tuple[str, ...]) -> list[int]:
    """Which cards a note makes: of a normal type the templates whose question shows a field,
    of a cloze type the numbers (less one) of the deletions in the fields that the template shows.

    Without any, the first, so that no note is without a card. A template that cannot be read makes
    none.
    """
    return _made(note_type, fields) or [0]


def template_of(note_type: NoteType, ordinal: int) -> Template:
    """The template of a card.

    Raises:
        NoteError: the note type has none for it.
    """
    at = 0 if note_type.kind == "cloze" else ordinal
    if not 0 <= at < len(note_type.templates):
        raise NoteError(f"the note type {note_type.name!r} has no template {ordinal + 1}")
    return note_type.templates[at]


def render_card(note_type: NoteType, note: Note, card: Card, deck_name: str) -> RenderedCard:
    """The question and the answer of a card.

    What is wrong with the template is said on the card itself, in an element of the class
    ``template-error``.

    Args:
        note_type: the note's.
        note: what the card is made of.
        card: which of its cards.
        deck_name: full name of the card's deck.
    """
    try:
        template = template_of(note_type, card.ordinal)
    except NoteError as error:
        shown = _error(str(error))
        return RenderedCard(shown, shown, note_type.css, None, is_blank=True)
    fields = dict(zip(note_type.field_names, note.fields, strict=False))
    values = fields | _special(note_type, note, card, deck_name, template)
    filled = {name for name, text in values.items() if not field_is_empty(text)}
    number = card.ordinal + 1
    if note_type.kind == "cloze":
        filled.add(f"c{number}")
    front = FilterContext(number, question=True)
    question = _side(template.question, values, filled, front)
    is_blank = card.ordinal not in _made(note_type, note.fields)
    if is_blank:
        cloze = note_type.kind == "cloze"
        what = f"the note has no cloze {number}" if cloze else "the front shows nothing of the note"
        question += _error(f"{what}; edit the note or its template, or delete the card")
    back = FilterContext(number, question=False)
    values["FrontSide"] = question
    answer = _side(template.answer, values, filled | {"FrontSide"}, back)
    typed = back if back.typed is not None else front
    type_in = None if typed.typed is None else TypeIn(typed.typed, typed.exact)
    return RenderedCard(question, answer, note_type.css, type_in, is_blank)


def fill_type_mark(source: str, content: str) -> str:
    """Put something where the answer is to be typed.

    Args:
        source: the question or the answer of a card. An answer that repeats the question has the
            mark twice; the last one counts, the others go.
        content: HTML for the place of the mark.
    """
    before, mark, after = source.rpartition(TYPE_MARK)
    return before.replace(TYPE_MARK, "") + content + after if mark else source


def _made(note_type: NoteType, fields: tuple[str, ...]) -> list[int]:
    named = dict(zip(note_type.field_names, fields, strict=False))
    if note_type.kind == "cloze":
        shown = cloze_fields(_readable(note_type.templates[0])) or set(named)
        texts = [text for name, text in named.items() if name in shown]
        return sorted({number - 1 for text in texts for number in cloze_numbers(text)})
    filled = {name for name, text in named.items() if not field_is_empty(text)}
    return [
        ordinal
        for ordinal, template in enumerate(note_type.templates)
        if shows_something(_readable(template), filled)
    ]


def _special(
    note_type: NoteType, note: Note, card: Card, deck_name: str, template: Template
) -> dict[str, str]:
    name = f"Cloze {card.ordinal + 1}" if note_type.kind == "cloze" else template.name
    return {
        "Tags": escape(" ".join(note.tags)),
        "Type": escape(note_type.name),
        "Deck": escape(deck_name),
        "Subdeck": escape(deck_name.rpartition("::")[2]),
        "Card": escape(name),
        "CardFlag": f"flag{card.flag}" if card.flag else "",
        "CardID": str(card.id),
        "FrontSide": "",
    }


def _side(source: str, values: Mapping[str, str], filled: set[str], context: FilterContext) -> str:
    try:
        nodes = parse_template(source)
    except NoteError as error:
        return _error(str(error))
    return "".join(_shown(nodes, values, filled, context))


def _shown(
    nodes: tuple[Node, ...], values: Mapping[str, str], filled: set[str], context: FilterContext
) -> list[str]:
    shown: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            shown.append(node)
        elif isinstance(node, FieldNode):
            text = values.get(node.name)
            if text is None:
                shown.append(_error(f"{node}: there is no field {node.name!r}"))
            else:
                shown.append(apply_filters(text, node.name, node.filters, context, str(node)))
        else:
            if node.name not in values and not _is_cloze_name(node.name):
                shown.append(_error(f"{{{{#{node.name}}}}}: there is no field {node.name!r}"))
            if (node.name in filled) != node.negated:
                shown.extend(_shown(node.inside, values, filled, context))
    return shown


def _readable(template: Template) -> tuple[Node, ...]:
    try:
        return parse_template(template.question)
    except NoteError:
        return ()


def _is_cloze_name(name: str) -> bool:
    return name.startswith("c") and name[1:].isdecimal()


def _error(message: str) -> str:
    return f'<div class="template-error">{escape(message)}</div>'
