"""What of a field is searched: its text without HTML, in a form in which letters compare.

The text is what the card shows: tags are gone, character references stand for their characters,
runs of space are one space. Names of pictures stay, so that a picture can be found.
"""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["fold", "plain_text", "searched_text", "without_marks"]

# Each alternative stops at the next "<" or runs to the end, so that the time is linear whatever
# the text is.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(style|script)\b.*?(?:</\1\s*>|\Z)"
    r"|</?([a-z][a-z0-9]*)([^<>]*)>"
    r"|<[!?][^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
_SOURCE = re.compile(r"\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_WITH_SOURCE = frozenset({"audio", "img", "source", "video"})
_WITHIN_WORDS = re.compile(
    r"a|abbr|b|bdi|bdo|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|rp|s|samp|small|span|strike"
    r"|strong|sub|sup|tt|u|var|wbr"
)


def plain_text(field: str) -> str:
    """The text of a field as one line, without HTML."""
    if "<" in field:
        field = _MARKUP.sub(_instead, field)
    if "&" in field:
        field = html.unescape(field)
    return " ".join(field.split())


def _instead(markup: re.Match[str]) -> str:
    name = (markup[2] or "").lower()
    if name in _WITH_SOURCE:
        source = _SOURCE.search(markup[3])
        return f" {source[source.lastindex or 0]} " if source else " "
    return "" if _WITHIN_WORDS.fullmatch(name) else " "


def fold(text: str) -> str:
    """The text in Unicode NFC and without case, character for character.

    Characters whose lower case is several, such as ß, stay as they are: a wildcard stands for one
    character of what is shown.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFC", text)
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(one if len(one := char.casefold()) == 1 else char for char in text)


def without_marks(text: str) -> str:
    """A folded text without accents and other combining marks; compatible characters as one."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in parts if unicodedata.category(char) != "Mn")
    return fold(kept)


def searched_text(field: str) -> str:
    """The text of a field, folded."""
    return fold(plain_text(field))
