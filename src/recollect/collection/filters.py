"""What ``{{filter:Field}}`` does to the text of a field."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from recollect.collection.cloze import cloze_texts, hide_cloze, show_cloze
from recollect.collection.markup import escape, strip_tags, unescape
from recollect.collection.templates import field_is_empty

__all__ = ["TYPE_MARK", "FilterContext", "apply_filters", "plain_answer"]

TYPE_MARK = '<span class="type-answer"></span>'
"""Where the answer is to be typed; whoever shows the card puts something in its place."""

_SOUND = re.compile(r"\[sound:[^\]\n]{1,300}\]")
_READING = re.compile(r" ?([^ >\[\]]{1,200})\[([^\[\]]{1,200})\]")


class FilterContext:
    """What filters need to know of the card.

    Attributes:
        number: of the cloze deletion that the card asks for, from 1.
        question: whether the question is being made, not the answer.
        typed: what is to be typed, set by the filter ``type``.
        exact: False where accents do not matter (``type:nc``).
    """

    def __init__(self, number: int, question: bool) -> None:
        self.number = number
        self.question = question
        self.typed: str | None = None
        self.exact = True


def apply_filters(
    text: str, field: str, filters: tuple[str, ...], context: FilterContext, source: str
) -> str:
    """The text of a field after its filters, the first one first.

    Args:
        text: HTML of the field.
        field: name of the field.
        filters: their names.
        context: what the filters need to know; takes up what is to be typed.
        source: how the template wrote it, to be shown if a filter is not known.

    Returns:
        HTML, not sanitised. A filter that is not known leaves the text and says so before it.
    """
    if "type" in filters:
        return _type_in(text, filters, context)
    for name in filters:
        known = _known().get(name)
        if known is not None:
            text = known(text, field, context)
        elif name.startswith("tts"):
            text = _speech(text, name)
        else:
            message = f"unknown filter {name!r} in {source}"
            text = f'<span class="template-error">{escape(message)}</span> {text}'
    return text


def plain_answer(text: str) -> str:
    """What a learner would type: no tags, no sounds, entities resolved, spaces once."""
    without_breaks = re.sub(r"<(?:br|/?div|/?p)\b[^>]{0,200}>", " ", text, flags=re.IGNORECASE)
    return " ".join(unescape(strip_tags(_SOUND.sub("", without_breaks))).split())


def _type_in(text: str, filters: tuple[str, ...], context: FilterContext) -> str:
    if "cloze" in filters:
        found = cloze_texts(text, context.number)
        expected = ", ".join(plain_answer(piece) for piece in dict.fromkeys(found))
    else:
        expected = plain_answer(text)
    if not expected:
        return ""
    context.typed = expected
    context.exact = "nc" not in filters
    return TYPE_MARK


@cache
def _known() -> dict[str, Callable[[str, str, FilterContext], str]]:
    return {
        "text": lambda text, _field, _context: strip_tags(text),
        "cloze": _cloze,
        "cloze-only": _cloze_only,
        "hint": _hint,
        "furigana": _furigana,
        "kanji": lambda text, _field, _context: _READING.sub(r"\1", text),
        "kana": lambda text, _field, _context: _READING.sub(r"\2", text),
    }


def _cloze(text: str, _field: str, context: FilterContext) -> str:
    return (hide_cloze if context.question else show_cloze)(text, context.number)


def _cloze_only(text: str, _field: str, context: FilterContext) -> str:
    return ", ".join(cloze_texts(text, context.number))


def _hint(text: str, field: str, _context: FilterContext) -> str:
    if field_is_empty(text):
        return ""
    return f'<details class="hint"><summary>{escape(field)}</summary>{text}</details>'


def _furigana(text: str, _field: str, _context: FilterContext) -> str:
    def ruby(found: re.Match[str]) -> str:
        if found[2].startswith(("sound:", "anki:")):
            return found[0]
        return f"<ruby><rb>{found[1]}</rb><rt>{found[2]}</rt></ruby>"

    return _READING.sub(ruby, text)


def _speech(text: str, name: str) -> str:
    language = name.removeprefix("tts").split(" voices=")[0].strip()
    said = plain_answer(text)
    return f'<span class="speech" lang="{escape(language)}" data-text="{escape(said)}"></span>'
