"""What a card asks and what it wants to hear, as text: the note's own, without the template's.

The template's words are on all of its cards, and tell none apart. The prompt is what the question
shows of the note's fields; the answer is what the other side shows of fields that the question does
not. Of a cloze deletion the answer is what is hidden; where something is to be typed, it is that.
Pictures and sounds count by their names, and only where there is nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from recollect.collection.cloze import cloze_texts
from recollect.collection.filters import FilterContext, apply_filters
from recollect.collection.rendering import template_of
from recollect.collection.rows import NoteType
from recollect.collection.search.texts import plain_text
from recollect.collection.templates import FieldNode, Node, Section, field_is_empty, parse_template
from recollect.cues import LONGEST, name_text
from recollect.errors import NoteError

__all__ = ["Content", "card_content"]

_MEDIA = re.compile(
    r"\[sound:([^\]\n]{1,300})\]|<(?:img|audio|video|source|embed|object)\b([^<>]*)>", re.IGNORECASE
)
_SOURCE = re.compile(r"\b(?:src|data)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_CLOZE = frozenset({"cloze", "cloze-only"})
_UNSEEN = frozenset({"hint", "type"})
_CHANGING = frozenset({"cloze", "cloze-only", "furigana", "kana", "kanji", "text"})
"""Filters that change what is read; of the others, such as ``tts``, the field is what counts."""

_MOST_HTML = 20 * LONGEST  # more of a field makes no key


class Content(NamedTuple):
    """A card as plain text, each side in one line; empty where there is nothing to read."""

    prompt: str
    answer: str


def card_content(note_type: NoteType, fields: Sequence[str], ordinal: int) -> Content:
    """What a card asks and what it wants to hear.

    Where the template cannot be read, the first field asks for the others.

    Args:
        note_type: the note's.
        fields: of the note, as HTML.
        ordinal: which of its cards.
    """
    named = {
        name: text[:_MOST_HTML] for name, text in zip(note_type.field_names, fields, strict=False)
    }
    try:
        template = template_of(note_type, ordinal)
        question, answer = parse_template(template.question), parse_template(template.answer)
    except NoteError:
        first, *others = named.values()
        return Content(_text([first]), _text(others))
    note = _Note(named, ordinal + 1)
    asked = list(note.shown(question))
    told = list(note.shown(answer))
    prompt = _text(note.prompts(asked)) or _text(list(named.values())[:1])
    return Content(prompt, _text(note.answers(asked, told)))


@dataclass(frozen=True)
class _Note:
    fields: Mapping[str, str]
    number: int

    @property
    def _filled(self) -> Set[str]:
        filled = {name for name, text in self.fields.items() if not field_is_empty(text)}
        return filled | {f"c{self.number}", "FrontSide", "Deck", "Type", "Card", "Subdeck"}

    def shown(self, nodes: Iterable[Node]) -> Iterator[FieldNode]:
        """The fields that a side shows, in order, with all sections gone through."""
        return self._within(nodes, self._filled)

    def prompts(self, asked: Iterable[FieldNode]) -> Iterator[str]:
        for node in asked:
            if not _UNSEEN & set(node.filters):
                yield self._filtered(node, question=True)

    def answers(self, asked: Sequence[FieldNode], told: Sequence[FieldNode]) -> list[str]:
        """The first of these that is something: what is hidden, what is to be typed, the fields
        that are new on the other side, all that it shows."""
        hiding = dict.fromkeys(n.name for n in (*asked, *told) if _CLOZE & set(n.filters))
        hidden = [text for name in hiding for text in cloze_texts(self.fields[name], self.number)]
        typed = [self.fields[n.name] for n in (*asked, *told) if "type" in n.filters]
        seen = {node.name for node in asked if not _UNSEEN & set(node.filters)}
        new = [self._filtered(node, question=False) for node in told if node.name not in seen]
        every = [self._filtered(node, question=False) for node in told]
        tries = (hidden, typed[-1:], list(dict.fromkeys(new)), list(dict.fromkeys(every)))
        return next((texts for texts in tries if _text(texts)), [])

    def _within(self, nodes: Iterable[Node], filled: Set[str]) -> Iterator[FieldNode]:
        for node in nodes:
            if isinstance(node, FieldNode):
                if node.name in self.fields:
                    yield node
            elif isinstance(node, Section) and (node.name in filled) != node.negated:
                yield from self._within(node.inside, filled)

    def _filtered(self, node: FieldNode, *, question: bool) -> str:
        filters = tuple(name for name in node.filters if name in _CHANGING)
        context = FilterContext(self.number, question)
        return apply_filters(self.fields[node.name], node.name, filters, context, str(node))


def _text(parts: Iterable[str]) -> str:
    """The texts of some HTML as one line; names of media where there is no text."""
    html = list(parts)
    words = " ".join(filter(None, (plain_text(_MEDIA.sub(" ", part)) for part in html)))
    if words:
        return words
    return " ".join(filter(None, (name_text(name) for part in html for name in _names(part))))


def _names(html: str) -> Iterator[str]:
    for media in _MEDIA.finditer(html):
        if media[1] is not None:
            yield media[1]
        elif (source := _SOURCE.search(media[2])) is not None:
            yield source[source.lastindex or 0]
