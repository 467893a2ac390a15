"""Templates of cards: HTML with ``{{Field}}``, ``{{filter:Field}}``, ``{{#Field}}...{{/Field}}``.

The language is Anki's (https://docs.ankiweb.net/templates/intro.html): a template is read into
texts, fields and sections; whether a card is made of a note follows from the question's fields
alone, not from what it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache

from recollect.errors import NoteError

__all__ = [
    "FieldNode",
    "Node",
    "Section",
    "cloze_fields",
    "field_is_empty",
    "parse_template",
    "shows_something",
]

_OTHER_DELIMITERS = "{{=<% %>=}}"
_BLANK = re.compile(r"(?:\s|</?(?:br|div)\s?/?>)*+", re.IGNORECASE)
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class FieldNode:
    """``{{filter:other:Name}}``; the filter next to the name is the first to be applied."""

    name: str
    filters: tuple[str, ...]

    def __str__(self) -> str:
        return "{{" + ":".join([*self.filters[::-1], self.name]) + "}}"


@dataclass(frozen=True, slots=True)
class Section:
    """``{{#Name}}...{{/Name}}``, shown where the field has text, or with ``^`` where it has not."""

    name: str
    negated: bool
    inside: tuple[Node, ...]


Node = str | FieldNode | Section


def field_is_empty(text: str) -> bool:
    """Whether a field shows nothing: only spaces, line breaks and empty ``div``."""
    return _BLANK.fullmatch(text) is not None


@lru_cache(maxsize=512)
def parse_template(source: str) -> tuple[Node, ...]:
    """The parts of a template.

    Raises:
        NoteError: a ``{{`` without ``}}``, or sections that do not nest.
    """
    stack: list[tuple[str, bool, list[Node]]] = [("", False, [])]
    for kind, content in _tokens(source):
        inside = stack[-1][2]
        if kind == "text":
            inside.append(content)
            continue
        name = content.lstrip("{").strip()
        sign, rest = name[:1], name[1:].strip()
        if sign in ("#", "^") and rest:
            if len(stack) > _DEEPEST:
                raise NoteError(f"the template nests deeper than {_DEEPEST} sections")
            stack.append((rest, sign == "^", []))
        elif sign == "/" and rest:
            opened, negated, nodes = stack.pop()
            if not stack or opened != rest:
                expected = f"{{{{/{opened}}}}} first" if opened else "nothing to close"
                raise NoteError(f"the template closes {{{{/{rest}}}}}: expected {expected}")
            stack[-1][2].append(Section(opened, negated, tuple(nodes)))
        else:
            *filters, field = (part.strip() for part in name.split(":"))
            inside.append(FieldNode(field, tuple(f for f in reversed(filters) if f)))
    if len(stack) > 1:
        raise NoteError(f"the template opens {{{{#{stack[-1][0]}}}}} and does not close it")
    return tuple(stack[0][2])


def shows_something(nodes: Iterable[Node], filled: Set[str]) -> bool:
    """Whether any field would be shown, given the names of those that have text.

    Text around the fields does not count: a card is made of a note only where its question has
    something of the note's own.
    """
    for node in nodes:
        if isinstance(node, FieldNode):
            if node.name in filled:
                return True
        elif isinstance(node, Section):
            shown = (node.name in filled) != node.negated
            if shown and shows_something(node.inside, filled):
                return True
    return False


def cloze_fields(nodes: Iterable[Node]) -> set[str]:
    """Names of the fields that a template shows through the ``cloze`` filter."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, FieldNode) and {"cloze", "cloze-only"} & set(node.filters):
            found.add(node.name)
        elif isinstance(node, Section):
            found |= cloze_fields(node.inside)
    return found


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    """``("text", text)`` and ``("mark", what is between the braces)``; comments are text."""
    opening, closing = "{{", "}}"
    if source.lstrip().startswith(_OTHER_DELIMITERS):
        source = source.lstrip().removeprefix(_OTHER_DELIMITERS)
        opening, closing = "<%", "%>"
    mark = re.compile(f"{re.escape(opening)}|<!--")
    at = 0
    comments = True
    while (found := mark.search(source, at)) is not None:
        if found[0] == "<!--":
            end = source.find("-->", found.end()) if comments else -1
            comments = end >= 0
            stop = end + 3 if comments else found.end()
            yield "text", source[at:stop]
            at = stop
            continue
        if found.start() > at:
            yield "text", source[at : found.start()]
        end = source.find(closing, found.end())
        if end < 0:
            shown = source[found.start() : found.start() + 30]
            raise NoteError(f"the template has no {closing} after {shown!r}")
        yield "mark", source[found.end() : end]
        at = end + len(closing)
    if at < len(source):
        yield "text", source[at:]
