"""Cloze deletions: ``{{c1::text::hint}}``, nested and with several numbers (``{{c1,3::text}}``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from recollect.collection.markup import escape, strip_tags

__all__ = ["LARGEST_CLOZE", "cloze_numbers", "cloze_texts", "hide_cloze", "show_cloze"]

LARGEST_CLOZE = 500
"""Larger numbers are no cloze deletions, but text."""

_DEEPEST = 100
_MARK = re.compile(r"\{\{c(\d{1,3}(?:,\d{1,3})*)::|\}\}")
_MATHEMATICS = re.compile(r"\\[(\[]")
_IMAGE_OCCLUSION = "image-occlusion:"


@dataclass(slots=True)
class _Cloze:
    numbers: tuple[int, ...]
    opening: str
    inside: list[str | _Cloze] = field(default_factory=list)
    hint: str | None = None

    def add(self, text: str) -> None:
        if self.hint is not None:
            self.hint += text
            return
        before, separator, after = text.partition("::")
        if before:
            self.inside.append(before)
        if separator:
            self.hint = after


def cloze_numbers(text: str) -> set[int]:
    """The numbers of the cloze deletions in a text, 1 for ``c1``."""
    return {number for cloze in _all(_parse(text)) for number in cloze.numbers}


def cloze_texts(text: str, number: int) -> list[str]:
    """What the deletions of that number hide, with hints left out and nested ones opened."""
    return [_plain(cloze.inside) for cloze in _all(_parse(text)) if number in cloze.numbers]


def hide_cloze(text: str, number: int) -> str:
    """The question: the deletions of that number as ``[...]`` or ``[hint]``, the others open.

    Returns:
        HTML; empty where there is no deletion of that number.
    """
    return _render(text, number, hide=True)


def show_cloze(text: str, number: int) -> str:
    """The answer: all open, those of that number marked; empty where there is none."""
    return _render(text, number, hide=False)


@lru_cache(maxsize=64)
def _parse(text: str) -> tuple[str | _Cloze, ...]:
    """Texts and deletions; what is opened and never closed, or closed only, stays text."""
    top: list[str | _Cloze] = []
    stack: list[_Cloze] = []

    def add(piece: str) -> None:
        if not piece:
            return
        if stack:
            stack[-1].add(piece)
        else:
            top.append(piece)

    at = 0
    for mark in _MARK.finditer(text):
        add(text[at : mark.start()])
        at = mark.end()
        if mark[1] is None:
            if not stack:
                add(mark[0])
                continue
            closed = stack.pop()
            (stack[-1].inside if stack else top).append(closed)
            continue
        numbers = tuple(int(number) for number in mark[1].split(","))
        if len(stack) < _DEEPEST and all(0 < number <= LARGEST_CLOZE for number in numbers):
            stack.append(_Cloze(numbers, mark[0]))
        else:
            add(mark[0])
    add(text[at:])
    for cloze in stack:  # outermost first: each was to hold the next
        top.append(cloze.opening)
        top.extend(cloze.inside)
        if cloze.hint is not None:
            top.append("::" + cloze.hint)
    return tuple(top)


def _all(pieces: Iterable[str | _Cloze]) -> Iterator[_Cloze]:
    for piece in pieces:
        if isinstance(piece, _Cloze):
            yield piece
            yield from _all(piece.inside)


def _plain(pieces: Iterable[str | _Cloze]) -> str:
    return "".join(p if isinstance(p, str) else _plain(p.inside) for p in pieces)


def _render(text: str, number: int, *, hide: bool) -> str:
    pieces = _parse(text)
    if not any(number in cloze.numbers for cloze in _all(pieces)):
        return ""
    return _strip_tags_in_mathematics("".join(_piece(piece, number, hide) for piece in pieces))


def _piece(piece: str | _Cloze, number: int, hide: bool) -> str:
    if isinstance(piece, str):
        return piece
    active = number in piece.numbers
    ordinal = ",".join(map(str, piece.numbers))
    if isinstance(shape := next(iter(piece.inside), None), str) and shape.startswith(
        _IMAGE_OCCLUSION
    ):
        return _occlusion(shape.removeprefix(_IMAGE_OCCLUSION), active, ordinal)
    if active and hide:
        content = f"[{piece.hint or '...'}]"
    else:
        content = "".join(_piece(inner, number, hide) for inner in piece.inside)
    kind = "cloze" if active else "cloze-inactive"
    return f'<span class="{kind}" data-ordinal="{ordinal}">{content}</span>'


def _occlusion(shape: str, active: bool, ordinal: str) -> str:
    """A shape over a picture: ``rect:left=.1:top=.2:...`` as data of an empty element."""
    kind, *values = shape.split(":")
    pairs = [value.partition("=") for value in values if "=" in value]
    data = [("ordinal", ordinal), ("shape", kind), *((name, value) for name, _, value in pairs)]
    known = [
        f'data-{name}="{escape(value)}"' for name, value in data if re.fullmatch(r"[a-z]+", name)
    ]
    return f'<div class="cloze{"" if active else "-inactive"}" {" ".join(known)}></div>'


def _strip_tags_in_mathematics(source: str) -> str:
    r"""Between ``\(`` and ``\)`` or ``\[`` and ``\]`` tags would be read as TeX."""
    pieces: list[str] = []
    at = 0
    while (mark := _MATHEMATICS.search(source, at)) is not None:
        end = source.find(r"\)" if mark[0] == r"\(" else r"\]", mark.end())
        if end < 0:
            break
        pieces += [source[at : mark.start()], strip_tags(source[mark.start() : end])]
        at = end
    pieces.append(source[at:])
    return "".join(pieces)
