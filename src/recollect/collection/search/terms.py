"""The terms of the language: what stands before a colon, and what may stand behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import NoReturn

from recollect.collection.search import nodes
from recollect.collection.search.nodes import Leaf, Span
from recollect.collection.search.patterns import Glob, Regex
from recollect.errors import SearchError

__all__ = ["KEYWORDS", "OPERATORS", "PROPERTIES", "STATES", "RawTerm", "term_node"]

STATES = ("new", "learn", "review", "due", "suspended", "buried")
PROPERTIES = ("due", "ease", "ivl", "lapses", "pos", "rated", "reps", "resched")
OPERATORS = ("<=", ">=", "!=", "=", "<", ">")
LONGEST_PATTERN = 1_000
MOST_DAYS = 100_000
_LARGEST = 2**31 - 1
_LARGEST_ID = 2**63 - 1
_MOST_IDS = 10_000

_ESCAPES = '\\":()-*_'
_KEPT_ESCAPES = "\\*_"
_PROPERTY = re.compile(r"(?P<name>[a-z]+)(?P<operator><=|>=|!=|=|<|>)(?P<value>.*)", re.DOTALL)
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]{1,3})?")
# Anki's terms that mean nothing here, and what to say of them.
_REFUSED = {
    "has-cd": "add-ons of Anki keep such data, Recollect does not",
    "deck:current": "no deck is current here; name one, as in deck:French",
    "is:buried-manually": "by whom a card was buried is not kept; use is:buried",
    "is:buried-sibling": "by whom a card was buried is not kept; use is:buried",
}


@dataclass(frozen=True)
class RawTerm:
    """A term as it stands in a query.

    Attributes:
        text: without quotation marks; escapes are still there.
        inner: where it begins and ends.
        span: the same with the quotation marks.
        gap: where in the text a quotation mark was left out, if within.
    """

    text: str
    inner: Span
    span: Span
    gap: int | None = None

    def place(self, at: int) -> int:
        """Where in the query a character of the text stands."""
        moved = self.gap is not None and at >= self.gap
        return self.inner[0] + at + moved


@dataclass(frozen=True)
class _Value:
    """What stands behind a keyword, or a whole term without one."""

    query: str
    term: RawTerm
    start: int

    @property
    def raw(self) -> str:
        return self.term.text[self.start :]

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """Of a part of it; of the whole term if it is empty."""
        end = len(self.raw) if end is None else end
        if start >= end:
            return self.term.span
        place = self.term.place
        return place(self.start + start), place(self.start + end - 1) + 1

    def fail(self, message: str, span: Span | None = None) -> NoReturn:
        raise SearchError(message, self.query, *(span or self.span()))

    def after(self, count: int) -> _Value:
        return _Value(self.query, self.term, self.start + count)

    def text(self, end: int | None = None) -> str:
        """With the escapes of a pattern, and no others."""
        raw = self.raw[:end]
        kept = ""
        at = 0
        while at < len(raw):
            if raw[at] != "\\":
                kept += raw[at]
                at += 1
                continue
            escape = raw[at : at + 2]
            if len(escape) < 2 or escape[1] not in _ESCAPES:
                span = self.span(at, at + len(escape))
                self.fail(f"{escape} has no meaning; for a backslash itself write two: \\\\", span)
            kept += escape if escape[1] in _KEPT_ESCAPES else escape[1]
            at += 2
        return kept

    def glob(self) -> Glob:
        if len(self.raw) > LONGEST_PATTERN:
            self.fail(f"a pattern can have {LONGEST_PATTERN:,} characters, not {len(self.raw):,}")
        return Glob(self.text())

    def literal(self) -> str:
        return "".join(text for _, text in self.glob().tokens)

    def regex(self) -> Regex:
        found = Regex(self.raw)
        problem = found.problem()
        if problem is not None:
            self.fail(f"the regular expression cannot be used: {problem}")
        return found

    def whole(self, what: str, least: int = 0, most: int = _LARGEST) -> int:
        text = self.text()
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            limits = f"{least} to {most:,}" if most != _LARGEST else f"{least} or more"
            self.fail(f"expected {what}: a whole number, {limits}")
        return int(text)


def term_node(query: str, term: RawTerm, extra: Names[str], properties: Names[str]) -> Leaf:
    """The leaf for a term.

    Args:
        query: the whole query, for messages.
        term: where the term is in it.
        extra: further keywords.
        properties: further properties.

    Raises:
        SearchError: a keyword or value that is none.
    """
    whole = _Value(query, term, 0)
    if not term.text:
        whole.fail("there is nothing between the quotation marks", term.span)
    colon = _first_colon(term.text)
    if colon is None:
        return nodes.Text(whole.glob(), span=term.span)
    if colon == 0:
        whole.fail(
            "there is no keyword before this colon; for a colon itself write \\:",
            (
                term.place(0),
                term.place(0) + 1,
            ),
        )
    keyword, value = whole.text(colon).lower(), whole.after(colon + 1)
    _refuse(keyword, value)
    if keyword in KEYWORDS:
        return KEYWORDS[keyword](value)
    if keyword == "prop":
        return _property(value, properties)
    if keyword in extra:
        if not value.raw:
            value.fail(f"{keyword}: what is to be found?")
        return nodes.Extra(keyword, value.literal(), span=term.span)
    if keyword == "similar":
        value.fail("similar: cannot be used here; it needs the cards' keys", term.span)
    return _field(Glob(whole.text(colon)), value)


def _first_colon(text: str) -> int | None:
    at = 0
    while at < len(text):
        if text[at] == ":":
            return at
        at += 2 if text[at] == "\\" else 1
    return None


def _refuse(keyword: str, value: _Value) -> None:
    for refused in (keyword, f"{keyword}:{value.raw.lower()}"):
        if refused in _REFUSED:
            value.fail(f"{refused}: {_REFUSED[refused]}", value.term.span)


def _words(mode: str) -> Callable[[_Value], Leaf]:
    def build(value: _Value) -> Leaf:
        if not value.raw:
            value.fail("what is to be found?")
        return nodes.Text(value.glob(), mode, span=value.term.span)  # type: ignore[arg-type]

    return build


def _expression(value: _Value) -> Leaf:
    return nodes.Text(value.regex(), span=value.term.span)


def _field(name: Glob, value: _Value) -> Leaf:
    span = value.term.span
    if value.raw.startswith("re:"):
        return nodes.FieldIs(name, value.after(3).regex(), span=span)
    if value.raw.startswith("nc:"):
        return nodes.FieldIs(name, value.after(3).glob(), ignore_marks=True, span=span)
    return nodes.FieldIs(name, value.glob(), span=span)


def _tag(value: _Value) -> Leaf:
    span = value.term.span
    if value.raw.startswith("re:"):
        return nodes.TagIs(value.after(3).regex(), span=span)
    if value.raw.startswith("nc:"):
        return nodes.TagIs(value.after(3).glob(), ignore_marks=True, span=span)
    return nodes.TagIs(_name("tag")(value), span=span)


def _name(keyword: str) -> Callable[[_Value], Glob]:
    def read(value: _Value) -> Glob:
        if not value.raw:
            value.fail(f"{keyword}: which one?")
        return value.glob()

    return read


def _named(keyword: str, kind: Callable[..., Leaf]) -> Callable[[_Value], Leaf]:
    read = _name(keyword)
    return lambda value: kind(read(value), span=value.term.span)


def _template(value: _Value) -> Leaf:
    name = _name("card")(value)
    if name.text.isdigit() and int(name.text[:9]) == 0:
        value.fail("templates and clozes are numbered from 1")
    return nodes.TemplateIs(name, span=value.term.span)


def _state(value: _Value) -> Leaf:
    if value.text() not in STATES:
        value.fail(f"expected a state: {', '.join(STATES)}")
    return nodes.State(value.text(), span=value.term.span)


def _days(kind: Callable[..., Leaf]) -> Callable[[_Value], Leaf]:
    # Of 0 days, Anki makes 1: today.
    return lambda value: kind(max(value.whole("days", 0, MOST_DAYS), 1), span=value.term.span)


def _rated(value: _Value) -> Leaf:
    colon = value.raw.find(":")
    if colon < 0:
        return nodes.Rated(max(value.whole("days", 0, MOST_DAYS), 1), span=value.term.span)
    days, rating = value.raw[:colon], _rating(value.after(colon + 1))
    if not _WHOLE.fullmatch(days) or not 0 <= int(days) <= MOST_DAYS:
        value.fail(f"expected days: a whole number, 0 to {MOST_DAYS:,}", value.span(0, colon))
    return nodes.Rated(max(int(days), 1), rating, span=value.term.span)


def _rating(value: _Value) -> int:
    return value.whole("an answer (1 Again, 2 Hard, 3 Good, 4 Easy)", 1, 4)


def _flag(value: _Value) -> Leaf:
    return nodes.Flag(value.whole("a flag (0 none, 1 to 7 a colour)", 0, 7), span=value.term.span)


def _ids(kind: str) -> Callable[[_Value], Leaf]:
    def build(value: _Value) -> Leaf:
        texts = value.raw.split(",")
        if not all(_WHOLE.fullmatch(text) and abs(int(text)) <= _LARGEST_ID for text in texts):
            value.fail(f"expected numbers separated by commas, as in {kind}:1,2")
        if len(texts) > _MOST_IDS:
            value.fail(f"{kind}: can have {_MOST_IDS:,} numbers")
        numbers = tuple(int(text) for text in texts)
        return nodes.Ids(kind, numbers, span=value.term.span)  # type: ignore[arg-type]

    return build


def _duplicate(value: _Value) -> Leaf:
    number, comma, _ = value.raw.partition(",")
    if not comma or not _WHOLE.fullmatch(number):
        value.fail("expected a note type's number and a text, as in dupe:123,text")
    text = value.after(len(number) + 1).literal()
    return nodes.Duplicate(int(number), text, span=value.term.span)


def _property(value: _Value, extra: Names[str]) -> Leaf:
    text = value.text().lower()
    found = _PROPERTY.fullmatch(text)
    known = [*PROPERTIES, *extra]
    name = found["name"] if found else re.split(r"[^a-z]", text)[0]
    if name not in known:
        hint = "it needs the recall model; " if name in ("r", "s", "d") else ""
        value.fail(f"no property {name!r} here; {hint}there are: {', '.join(known)}")
    if found is None:
        value.fail(f"expected a comparison after prop:{name}: one of {' '.join(OPERATORS)}")
    number = value.after(found.end("operator"))
    operator = found["operator"]
    rating = None
    if name == "rated" and ":" in number.raw:
        colon = number.raw.index(":")
        rating = _rating(number.after(colon + 1))
        amount = _number(name, number, number.raw[:colon])
    else:
        amount = _number(name, number, number.raw)
    return nodes.Property(name, operator, amount, rating, span=value.term.span)


def _number(name: str, value: _Value, text: str) -> int | float:
    if name in PROPERTIES and name != "ease":
        signed = name in ("due", "rated", "resched")
        if (
            not _WHOLE.fullmatch(text)
            or abs(int(text)) > _LARGEST
            or (not signed and text[0] == "-")
        ):
            value.fail(
                f"prop:{name} is compared with a whole number{'' if signed else ', 0 or more'}"
            )
        if name in ("rated", "resched") and int(text) > 0:
            value.fail(f"prop:{name} counts days back from today: 0, -1, -2, ...")
        return int(text)
    if not _DECIMAL.fullmatch(text.lower()) or not math.isfinite(float(text)):
        value.fail(f"prop:{name} is compared with a number")
    return float(text)


KEYWORDS: dict[str, Callable[[_Value], Leaf]] = {
    "added": _days(nodes.Added),
    "card": _template,
    "cid": _ids("cid"),
    "deck": _named("deck", nodes.DeckIs),
    "did": _ids("did"),
    "dupe": _duplicate,
    "edited": _days(nodes.Edited),
    "flag": _flag,
    "introduced": _days(nodes.Introduced),
    "is": _state,
    "mid": _ids("mid"),
    "nc": _words("nc"),
    "nid": _ids("nid"),
    "note": _named("note", nodes.NoteTypeIs),
    "preset": _named("preset", nodes.PresetIs),
    "rated": _rated,
    "re": _expression,
    "resched": _days(nodes.Rescheduled),
    "tag": _tag,
    "w": _words("word"),
}
"""What may stand before a colon, besides ``prop``, fields' names and what is registered."""
