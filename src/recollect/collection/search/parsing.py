"""From a query to its tree: a parser by recursive descent.

::

    query  := or
    or     := and ("or" and)*
    and    := not (["and"] not)*
    not    := "-" (group | term) | group | term
    group  := "(" or ")"
    term   := text | "text" | key:text | key:"text" | "key:text"
"""

from __future__ import annotations

from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import NoReturn

from recollect.collection.search.nodes import And, Everything, Node, Not, Or, Span
from recollect.collection.search.terms import RawTerm, term_node
from recollect.errors import SearchError

__all__ = ["LONGEST_QUERY", "MOST_TERMS", "parse"]

LONGEST_QUERY = 10_000
MOST_TERMS = 200
_DEEPEST = 40
_WORDS = ("and", "or")


def parse(query: str, *, extra: Names[str] = (), properties: Names[str] = ()) -> Node:
    """The tree of a query in the syntax of Anki's search.

    Args:
        query: what the user wrote.
        extra: further keywords that are allowed, as in ``similar:text``.
        properties: further properties that are allowed, as in ``prop:r>0.9``.

    Raises:
        SearchError: the query is not understood; the message points to where.
    """
    if len(query) > LONGEST_QUERY:
        raise SearchError(
            f"a query can have {LONGEST_QUERY:,} characters, not {len(query):,}",
            query,
            LONGEST_QUERY,
            LONGEST_QUERY + 1,
        )
    return _Parser(query, extra, properties).whole()


@dataclass(frozen=True)
class _Token:
    """``(``, ``)``, ``-``, a word (``and``, ``or``) or a term."""

    kind: str
    span: Span
    term: RawTerm | None = None


class _Parser:
    def __init__(self, query: str, extra: Names[str], properties: Names[str]) -> None:
        self.query = query
        self.extra = extra
        self.properties = properties
        self.tokens = _Scanner(query).tokens()
        self.at = 0
        terms = [token for token in self.tokens if token.kind == "term"]
        if len(terms) > MOST_TERMS:
            self.fail(f"a query can have {MOST_TERMS} terms", terms[MOST_TERMS].span)

    def fail(self, message: str, span: Span) -> NoReturn:
        raise SearchError(message, self.query, *span)

    def peek(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else "end"

    def next(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def whole(self) -> Node:
        if not self.tokens:
            return Everything()
        node = self.alternatives(0)
        if self.peek() == ")":
            span = self.tokens[self.at].span
            self.fail('there is no "(" before this; for the character itself write \\)', span)
        return node

    def alternatives(self, depth: int) -> Node:
        parts = [self.sequence(depth)]
        while self.peek() == "or":
            self.next()
            parts.append(self.sequence(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def sequence(self, depth: int) -> Node:
        parts = [self.negation(depth)]
        while self.peek() not in ("end", ")", "or"):
            if self.peek() == "and":
                self.next()
            parts.append(self.negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self, depth: int) -> Node:
        kind = self.peek()
        if kind in _WORDS or (kind in ("end", ")") and self.at and self.behind() in _WORDS):
            self.stray_word(self.tokens[self.at if kind in _WORDS else self.at - 1])
        if kind == ")":
            self.fail(
                'there is no "(" before this; for the character itself write \\)', self.here()
            )
        if kind == "-":
            self.next()
            return Not(self.primary(depth))
        return self.primary(depth)

    def primary(self, depth: int) -> Node:
        token = self.next()
        if token.kind == "(":
            return self.group(token, depth)
        if token.kind in _WORDS:  # behind a minus
            self.stray_word(token)
        assert token.term is not None
        return term_node(self.query, token.term, self.extra, self.properties)

    def group(self, opening: _Token, depth: int) -> Node:
        if depth >= _DEEPEST:
            self.fail(f"parentheses can stand {_DEEPEST} deep", opening.span)
        if self.peek() == ")":
            span = (opening.span[0], self.here()[1])
            self.fail("there is nothing between the parentheses", span)
        if self.peek() == "end":
            self.unclosed(opening)
        node = self.alternatives(depth + 1)
        if self.peek() == "end":
            self.unclosed(opening)
        self.next()
        return node

    def stray_word(self, token: _Token) -> NoReturn:
        self.fail(
            f'"{token.kind}" must stand between two terms; for the word itself write it in '
            "quotation marks",
            token.span,
        )

    def unclosed(self, opening: _Token) -> NoReturn:
        self.fail('there is no ")" for this; for the character itself write \\(', opening.span)

    def behind(self) -> str:
        return self.tokens[self.at - 1].kind

    def here(self) -> Span:
        return self.tokens[self.at].span


class _Scanner:
    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0

    def tokens(self) -> list[_Token]:
        found: list[_Token] = []
        while True:
            while self.at < len(self.query) and self.query[self.at].isspace():
                self.at += 1
            if self.at == len(self.query):
                return found
            found.append(self.token())
            if found[-1].kind == "-" and self.query[self.at] not in '("':
                # What follows a minus is a term, even if it begins with another one.
                found.append(self.term())

    def token(self) -> _Token:
        start, char = self.at, self.query[self.at]
        if char in "()":
            self.at += 1
            return _Token(char, (start, self.at))
        if char == "-" and self.begins_a_term(start + 1):
            self.at += 1
            return _Token("-", (start, self.at))
        return self.term()

    def begins_a_term(self, at: int) -> bool:
        """Whether a minus before this place denies what follows."""
        return at < len(self.query) and not self.query[at].isspace() and self.query[at] != ")"

    def term(self) -> _Token:
        start = self.at
        if self.query[start] == '"':
            inner = self.quoted()
            term = RawTerm(self.query[inner[0] : inner[1]], inner, (start, self.at))
            return _Token("term", (start, self.at), term)
        colon = None
        while self.at < len(self.query):
            char = self.query[self.at]
            if char.isspace() or char in "()" or (char == '"' and colon != self.at - 1):
                break
            if char == '"':
                key = self.query[start : self.at]
                inner = self.quoted()
                text = key + self.query[inner[0] : inner[1]]
                # The quotation mark is the only character left out before the value.
                term = RawTerm(text, (start, inner[1]), (start, self.at), len(key))
                return _Token("term", (start, self.at), term)
            if char == ":":
                colon = self.at
            self.at += 2 if char == "\\" else 1
        self.at = min(self.at, len(self.query))
        text, span = self.query[start : self.at], (start, self.at)
        if text.lower() in _WORDS:
            return _Token(text.lower(), span)
        return _Token("term", span, RawTerm(text, span, span))

    def quoted(self) -> Span:
        """Go behind the closing quotation mark; gives what stands between."""
        start = self.at
        self.at += 1
        while self.at < len(self.query) and self.query[self.at] != '"':
            self.at += 2 if self.query[self.at] == "\\" else 1
        if self.at >= len(self.query):
            raise SearchError(
                'there is no second quotation mark for this; for the character itself write \\"',
                self.query,
                start,
                start + 1,
            )
        self.at += 1
        return start + 1, self.at - 1
