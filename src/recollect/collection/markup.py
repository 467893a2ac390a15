"""Reading HTML that nobody has checked: tags and text, in time that grows with its length only.

Cards come from anywhere. The standard library's parser takes quadratic time on some texts and
raises on others; a card needs much less of HTML than a page does.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Tag", "escape", "parts", "strip_tags", "unescape"]

_TAG_NAME = re.compile(r"/?[a-zA-Z][^\s/>]*")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s=>/][^\s=>]*)\s*(=?)\s*")
_BARE_VALUE = re.compile(r"[^\s>]*")
# A text with this many tags that never end is no HTML; the rest of it is read as text.
_MOST_OPEN = 20
_MOST_ATTRIBUTES = 200
_NO_TAG, _NO_END = -1, -2
_SKIPPED = frozenset({"script", "style", "title", "template", "iframe"})


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: ``name`` in lower case, ``/name`` where it ends; attributes with entities resolved."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)


def escape(text: str) -> str:
    """The text as HTML."""
    return html.escape(text)


def unescape(text: str) -> str:
    """Text with entities such as ``&amp;`` resolved."""
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:  # a character number of thousands of digits
        return text


def parts(source: str) -> Iterator[str | Tag]:
    """Texts (entities not resolved) and tags; comments and what scripts hold are left out."""
    text_from, at, open_ends = 0, 0, 0
    while open_ends < _MOST_OPEN:
        start = source.find("<", at)
        if start < 0:
            break
        found, at = _read_tag(source, start)
        if at < 0:
            open_ends += at == _NO_END
            at = start + 1
            continue
        if start > text_from:
            yield source[text_from:start]
        if found is not None:
            yield found
            if found.name in _SKIPPED:
                at = _end_of(source, found.name, at)
        text_from = at
    if text_from < len(source):
        yield source[text_from:]


def strip_tags(source: str) -> str:
    """The text of some HTML without its tags; entities are not resolved."""
    if "<" not in source:
        return source
    return "".join(part for part in parts(source) if isinstance(part, str))


def _read_tag(source: str, start: int) -> tuple[Tag | None, int]:
    """The tag that begins there, None for a comment, and where it ends; below 0 if it is none."""
    if source.startswith("<!--", start):
        end = source.find("-->", start + 4)
        return None, end + 3 if end >= 0 else _NO_END
    if source.startswith(("<!", "<?"), start):
        end = source.find(">", start)
        return None, end + 1 if end >= 0 else _NO_END
    named = _TAG_NAME.match(source, start + 1)
    if named is None:
        return None, _NO_TAG
    attributes: dict[str, str] = {}
    at = named.end()
    count = 0
    while (given := _ATTRIBUTE.match(source, at)) is not None:
        count += 1
        if count > _MOST_ATTRIBUTES:
            return None, _NO_END
        value, at = _read_value(source, given.end()) if given[2] else ("", given.end())
        if at < 0:
            return None, _NO_END
        attributes.setdefault(given[1].lower(), unescape(value))
    end = source.find(">", at)
    return Tag(named[0].lower(), attributes), end + 1 if end >= 0 else _NO_END


def _read_value(source: str, at: int) -> tuple[str, int]:
    quote = source[at : at + 1]
    if quote in ('"', "'"):
        end = source.find(quote, at + 1)
        return source[at + 1 : end], end + 1 if end >= 0 else _NO_END
    bare = _BARE_VALUE.match(source, at)
    return ("", at) if bare is None else (bare[0], bare.end())


def _end_of(source: str, name: str, at: int) -> int:
    """Where the end tag of an element whose content is no text begins."""
    found = re.compile(rf"</{re.escape(name)}\b", re.IGNORECASE).search(source, at)
    return len(source) if found is None else found.start()
