"""The part of a query that is about what notes say, as SQL over the table of texts.

A pattern without wildcards within is exact as SQL's LIKE over the folded text. For all others LIKE
finds the candidates, which are then looked at one by one; regular expressions look at all notes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import chain

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true

from recollect.collection import schema
from recollect.collection.codecs import fields_from
from recollect.collection.search.index import (
    SEPARATOR,
    NoteText,
    TextIndex,
    look_at,
    present,
    texts,
)
from recollect.collection.search.names import field_positions, is_named_or_within
from recollect.collection.search.nodes import (
    And,
    Duplicate,
    FieldIs,
    Leaf,
    Node,
    Not,
    Or,
    TagIs,
    Text,
)
from recollect.collection.search.patterns import Glob, Regex, escaped
from recollect.collection.search.regexes import LONGEST_SECONDS, matching
from recollect.collection.search.sql import contains, is_in
from recollect.collection.search.texts import fold, without_marks
from recollect.collection.transaction import Transaction
from recollect.errors import SearchError

__all__ = ["TextSearch", "is_textual"]

_CHUNK = 5_000
_Within = ColumnElement[bool] | None
_notes, _versions, _tags = schema.notes, schema.note_versions, schema.note_tags


def is_textual(node: Node) -> bool:
    """Whether a tree is about texts alone, and LIKE says it all."""
    match node:
        case Text(Glob() as pattern, mode):
            return mode != "word" and not pattern.trimmed.has_wildcards
        case And(parts) | Or(parts):
            return all(map(is_textual, parts))
        case Not(part):
            return is_textual(part)
    return False


class TextSearch:
    """Conditions on a column of notes' numbers.

    Args:
        transaction: to read with.
        query: for the messages.
        column: the cards' notes.

    Methods with an argument ``within`` need not be right for other notes than it holds for: a
    condition on the column, or None.
    """

    def __init__(self, transaction: Transaction, query: str, column: ColumnElement[int]) -> None:
        self.transaction = transaction
        self.query = query
        self.column = column
        self._index: TextIndex | None = None

    @property
    def index(self) -> TextIndex:
        """What there is of texts; looked at when the first term asks."""
        if self._index is None:
            self._index = look_at(self.transaction)
        return self._index

    def textual(self, node: Node) -> ColumnElement[bool]:
        """Notes that a tree of texts finds, in one pass over the table."""
        if isinstance(node, Not):
            return not_(self.textual(node.part))
        holds = _holds(node)
        missing = [text.note_id for _, text in self.index.missing if holds(text)]
        found = is_in(self.transaction, self.column, missing)
        if self.index.exists:
            like = select(texts.c.note_id).where(_likes(node), present())
            found = or_(self.column.in_(like), found)
        return found

    def text(self, leaf: Text, within: _Within) -> ColumnElement[bool]:
        """Notes with a field in which something stands that LIKE alone does not find."""
        if isinstance(leaf.pattern, Regex):
            return self._noted(self._by_expression(leaf, leaf.pattern, None, within))
        transform = _transform(leaf.mode == "nc")
        where = "words" if leaf.mode == "word" else "anywhere"
        matches = leaf.pattern.matcher(transform, where)
        like = _like(leaf.pattern, leaf.mode == "nc")
        return self._noted(self._looked_at(like, leaf.mode == "nc", matches, within))

    def field(self, leaf: FieldIs, within: _Within) -> ColumnElement[bool]:
        """Notes with a field of that name that matches.

        Raises:
            SearchError: no note type has such a field.
        """
        places = field_positions(self.transaction, leaf.name)
        if not places:
            name = leaf.name.text
            raise SearchError(
                f"there is no keyword {name}: and no note type has a field of that name; "
                "for a colon itself write \\:",
                self.query,
                *leaf.span,
            )
        if isinstance(leaf.pattern, Regex):
            return self._noted(self._by_expression(leaf, leaf.pattern, places, within))
        matches = leaf.pattern.matcher(_transform(leaf.ignore_marks))
        like = _like_field(leaf.pattern, leaf.ignore_marks)
        look = partial(self._looked_at, like, leaf.ignore_marks, matches, within)
        found = (look(positions, types) for positions, types in places.items())
        return self._noted(chain.from_iterable(found))

    def duplicate(self, leaf: Duplicate) -> ColumnElement[bool]:
        """Notes of a type with that first field."""
        pattern = Glob(escaped(" ".join(leaf.text.split())))
        matches, like = pattern.matcher(fold), _like_field(pattern, False)
        return self._noted(self._looked_at(like, False, matches, None, (0,), [leaf.note_type_id]))

    def tagged(self, leaf: TagIs) -> ColumnElement[bool]:
        """Notes with a tag of that name or within it."""
        if leaf.name == Glob("none") and not leaf.ignore_marks:
            return self.column.not_in(select(_tags.c.note_id))
        if leaf.name == Glob("*"):
            return true()
        tags = self.transaction.execute(select(_tags.c.tag).distinct()).scalars().all()
        if isinstance(leaf.name, Regex):
            lists = [json.dumps([tag]) for tag in tags]
            wanted = [tags[at] for at in self._matching(leaf, leaf.name, lists)]
        else:
            prepared = _transform(leaf.ignore_marks)
            matches = leaf.name.matcher(prepared)
            wanted = [tag for tag in tags if is_named_or_within(matches, tag, prepared)]
        if not wanted:
            return false()
        if self.transaction.is_sqlite:
            each = func.json_each(json.dumps(wanted)).table_valued("value")
            chosen = _tags.c.tag.in_(select(each.c.value))
        else:
            chosen = _tags.c.tag.in_(wanted)
        return self.column.in_(select(_tags.c.note_id).where(chosen))

    def _noted(self, note_ids: Iterable[int]) -> ColumnElement[bool]:
        return is_in(self.transaction, self.column, sorted(set(note_ids)))

    def _looked_at(
        self,
        like: ColumnElement[bool],
        ignore_marks: bool,
        matches: Callable[[str], bool],
        within: _Within,
        positions: Sequence[int] | None = None,
        note_types: Collection[int] | None = None,
    ) -> Iterable[int]:
        """Notes with a field that matches, among those whose text is like something."""

        def holds(text: str) -> bool:
            fields = text.split(SEPARATOR)
            if positions is not None:
                fields = [fields[at] for at in positions if at < len(fields)]
            return any(map(matches, fields))

        for note_type, note in self.index.missing:
            if note_types is None or note_type in note_types:
                text = note.without_marks if ignore_marks else note.text
                if holds(text):
                    yield note.note_id
        if self.index.exists:
            query = select(texts.c.note_id, _column(ignore_marks))
            query = query.where(like, present(note_types=note_types))
            if within is not None:
                query = query.where(texts.c.note_id.in_(select(self.column).where(within)))
            for rows in self.transaction.execute(query).partitions(_CHUNK):
                yield from (note_id for note_id, text in rows if holds(text))

    def _by_expression(
        self,
        leaf: Leaf,
        regex: Regex,
        places: dict[tuple[int, ...], list[int]] | None,
        within: _Within,
    ) -> list[int]:
        """Notes in whose HTML an expression finds something."""
        same = (_versions.c.note_id == _notes.c.id) & (_versions.c.version == _notes.c.version)
        query = select(_notes.c.id, _notes.c.note_type_id, _versions.c.fields).join(_versions, same)
        positions: dict[int, tuple[int, ...]] = {}
        if places is not None:
            positions = {number: at for at, types in places.items() for number in types}
            query = query.where(_notes.c.note_type_id.in_(sorted(positions)))
        if within is not None:
            query = query.where(_notes.c.id.in_(select(self.column).where(within)))
        rows = self.transaction.execute(query).all()
        lists = [
            json.dumps([fields_from(text)[at] for at in positions[number]]) if positions else text
            for _, number, text in rows
        ]
        return [rows[at][0] for at in self._matching(leaf, regex, lists)]

    def _matching(self, leaf: Leaf, regex: Regex, lists: Sequence[str]) -> list[int]:
        found = matching(regex, lists)
        if found is None:
            raise SearchError(
                f"the regular expression takes longer than {LONGEST_SECONDS:.0f} seconds; "
                "make it simpler",
                self.query,
                *leaf.span,
            )
        return found


def _transform(ignore_marks: bool) -> Callable[[str], str]:
    return (lambda text: without_marks(fold(text))) if ignore_marks else fold


def _like(pattern: Glob, ignore_marks: bool) -> ColumnElement[bool]:
    if not pattern.trimmed.text:
        return true()
    like = pattern.trimmed.like(_transform(ignore_marks))
    return contains(_column(ignore_marks), like)


def _like_field(pattern: Glob, ignore_marks: bool) -> ColumnElement[bool]:
    if not pattern.trimmed.text and pattern.text:
        return true()
    like = pattern.like(_transform(ignore_marks), SEPARATOR)
    return contains(SEPARATOR + _column(ignore_marks) + SEPARATOR, like)


def _column(ignore_marks: bool) -> ColumnElement[str]:
    return func.coalesce(texts.c.plain, texts.c.text) if ignore_marks else texts.c.text


def _likes(node: Node) -> ColumnElement[bool]:
    match node:
        case Text(Glob() as pattern, mode):
            return _like(pattern, mode == "nc")
        case And(parts):
            return and_(*map(_likes, parts))
        case Or(parts):
            return or_(*map(_likes, parts))
        case Not(part):
            return not_(_likes(part))
    raise AssertionError(node)


def _holds(node: Node) -> Callable[[NoteText], bool]:
    """The same for a text that is not in the table."""
    match node:
        case Text(Glob() as pattern, mode):
            matches = pattern.matcher(_transform(mode == "nc"), "anywhere")
            if mode == "nc":
                return lambda note: any(map(matches, note.without_marks.split(SEPARATOR)))
            return lambda note: any(map(matches, note.text.split(SEPARATOR)))
        case And(parts):
            tests = [_holds(part) for part in parts]
            return lambda note: all(test(note) for test in tests)
        case Or(parts):
            tests = [_holds(part) for part in parts]
            return lambda note: any(test(note) for test in tests)
        case Not(part):
            test = _holds(part)
            return lambda note: not test(note)
    raise AssertionError(node)
