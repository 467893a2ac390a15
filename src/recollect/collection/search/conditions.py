"""From the tree of a query to a condition on cards, for SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from recollect.collection import schema
from recollect.collection.search import names, nodes
from recollect.collection.search.extensions import Extensions
from recollect.collection.search.moments import Present
from recollect.collection.search.nodes import Node
from recollect.collection.search.sql import carried_number, compare, greater, is_in
from recollect.collection.search.texts_sought import TextSearch, is_textual
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction

__all__ = ["LEARN_AHEAD_MS", "condition_of"]

LEARN_AHEAD_MS = 20 * 60_000
"""A card in learning is due when it is due within these minutes, as in Anki."""

_cards, _notes, _reviews = schema.cards, schema.notes, schema.reviews
_voided = schema.voided_reviews
_Condition = ColumnElement[bool]


def condition_of(
    transaction: Transaction, node: Node, query: str, extensions: Extensions
) -> _Condition:
    """What the cards of a query fulfil.

    Args:
        transaction: to read with.
        node: the query's tree.
        query: as it was written, for messages.
        extensions: for terms that the collection does not know.

    Raises:
        SearchError: it names a field that is not there, or takes too long.
    """
    return _Conditions(transaction, query, extensions).of(node, None)


class _Conditions:
    def __init__(self, transaction: Transaction, query: str, extensions: Extensions) -> None:
        self.transaction = transaction
        self.extensions = extensions
        self.texts = TextSearch(transaction, query, _cards.c.note_id)
        boundary = get_settings(transaction).day_boundary
        self.present = Present(transaction.now_ms, boundary)
        self.today = self.present.today

    def of(self, node: Node, within: _Condition | None) -> _Condition:
        """Of a tree; it need not be right for cards that are not within."""
        if is_textual(node):
            return self.texts.textual(node)
        match node:
            case nodes.Everything():
                return true()
            case nodes.And(parts):
                quick = [part for part in parts if not _is_slow(part)]
                slow = [part for part in parts if _is_slow(part)]
                known = self.together(nodes.And, quick, within)
                inside = and_(*known, *([] if within is None else [within])) if quick else within
                return and_(*known, *(self.of(part, inside) for part in slow))
            case nodes.Or(parts):
                return or_(*self.together(nodes.Or, parts, within))
            case nodes.Not(part):
                return not_(self.of(part, within))
        return self.leaf(node, within)

    def together(
        self,
        kind: type[nodes.And | nodes.Or],
        parts: Sequence[Node],
        within: _Condition | None,
    ) -> list[_Condition]:
        """Of each part; those about texts as one, so that the texts are read once."""
        textual = tuple(part for part in parts if is_textual(part))
        found = [self.of(part, within) for part in parts if not is_textual(part)]
        if textual:
            found.append(self.texts.textual(textual[0] if len(textual) == 1 else kind(textual)))
        return found

    def leaf(self, leaf: nodes.Leaf, within: _Condition | None) -> _Condition:
        match leaf:
            case nodes.Text():
                return self.texts.text(leaf, within)
            case nodes.FieldIs():
                return self.texts.field(leaf, within)
            case nodes.TagIs():
                return self.texts.tagged(leaf)
            case nodes.Duplicate():
                return self.texts.duplicate(leaf)
            case nodes.DeckIs(name):
                return self.in_decks(names.deck_ids(self.transaction, name))
            case nodes.PresetIs(name):
                return self.with_presets(names.preset_ids(self.transaction, name))
            case nodes.NoteTypeIs(name):
                return self.of_types(names.note_type_ids(self.transaction, name))
            case nodes.TemplateIs():
                return self.of_template(leaf)
            case nodes.Ids(kind, numbers):
                return self.numbered(kind, list(numbers))
            case nodes.Flag(number):
                return _cards.c.flag == number
            case nodes.State(name):
                return self.state(name)
            case nodes.Added(days):
                return _cards.c.id >= self.present.days_ago_ms(days)
            case nodes.Edited(days):
                edited = _notes.c.modified_at_ms >= self.present.days_ago_ms(days)
                return _cards.c.note_id.in_(select(_notes.c.id).where(edited))
            case nodes.Extra(name, text):
                found = self.extensions.terms[name](self.transaction, text)
                return is_in(self.transaction, _cards.c.id, sorted(set(found)))
            case nodes.Property():
                return self.property(leaf)
        return self.reviewed(leaf)

    def reviewed(self, leaf: nodes.Rated | nodes.Introduced | nodes.Rescheduled) -> _Condition:
        since = self.present.days_ago_ms(leaf.days)
        match leaf:
            case nodes.Rated(_, rating):
                return _cards.c.id.in_(_answered(_Days(since), rating))
            case nodes.Rescheduled():
                return _cards.c.id.in_(_moved(_Days(since)))
        before = _reviews.alias("earlier")
        earlier = (
            select(before.c.id)
            .where(
                before.c.card_id == _cards.c.id,
                before.c.rating > 0,
                before.c.answered_at_ms < since,
                _counts(before),
            )
            .exists()
        )
        return and_(_cards.c.id.in_(_answered(_Days(since), None)), not_(earlier))

    def in_decks(self, deck_ids: list[int]) -> _Condition:
        at_home = is_in(self.transaction, _cards.c.original_deck_id, deck_ids)
        return or_(
            is_in(self.transaction, _cards.c.deck_id, deck_ids),
            and_(_cards.c.original_deck_id.is_not(None), at_home),
        )

    def with_presets(self, preset_ids: list[int]) -> _Condition:
        decks = schema.decks.c
        chosen = select(decks.id).where(is_in(self.transaction, decks.preset_id, preset_ids))
        home = func.coalesce(_cards.c.original_deck_id, _cards.c.deck_id)
        return home.in_(chosen)

    def of_types(self, note_type_ids: list[int]) -> _Condition:
        chosen = is_in(self.transaction, _notes.c.note_type_id, note_type_ids)
        return _cards.c.note_id.in_(select(_notes.c.id).where(chosen))

    def of_template(self, leaf: nodes.TemplateIs) -> _Condition:
        text = leaf.name.text
        if text.isdecimal():
            return _cards.c.ordinal == min(int(text), 1_000_000) - 1
        named = names.named_templates(self.transaction, leaf.name)
        return or_(
            false(),
            *(
                self.of_types(types) & (true() if at is None else _cards.c.ordinal == at)
                for at, types in named.items()
            ),
        )

    def numbered(self, kind: str, numbers: list[int]) -> _Condition:
        match kind:
            case "cid":
                return is_in(self.transaction, _cards.c.id, numbers)
            case "nid":
                return is_in(self.transaction, _cards.c.note_id, numbers)
            case "did":
                return self.in_decks(numbers)
        return self.of_types(numbers)

    def state(self, name: str) -> _Condition:
        phase = _cards.c.phase
        match name:
            case "new":
                return phase == "new"
            case "learn":
                return phase.in_(("learning", "relearning"))
            case "review":
                return phase.in_(("review", "relearning"))
            case "suspended":
                return _cards.c.suspended
            case "buried":
                return self.buried()
        soon = self.transaction.now_ms + LEARN_AHEAD_MS
        due = or_(
            and_(_cards.c.due_at_ms.is_(None), _cards.c.due_day <= self.today),
            _cards.c.due_at_ms <= soon,
        )
        return self.active() & func.coalesce(due, false())

    def buried(self) -> _Condition:
        return not_(_cards.c.suspended) & (
            func.coalesce(_cards.c.buried_until_day, self.today) > self.today
        )

    def active(self) -> _Condition:
        """Cards that have a date and come when it is there."""
        return and_(
            _cards.c.phase != "new",
            not_(_cards.c.suspended),
            func.coalesce(_cards.c.buried_until_day, self.today) <= self.today,
        )

    def property(self, leaf: nodes.Property) -> _Condition:
        sign, value = leaf.operator, leaf.value
        if leaf.name in self.extensions.properties:
            values = self.extensions.properties[leaf.name](self.transaction)
            found = [number for number, own in values.items() if compare(own, sign, value)]
            return is_in(self.transaction, _cards.c.id, sorted(found))
        whole = int(value)
        match leaf.name:
            case "ivl":
                return compare(_cards.c.interval_days, sign, whole)
            case "pos":
                placed = (_cards.c.phase == "new") & _cards.c.position.is_not(None)
                return placed & func.coalesce(compare(_cards.c.position, sign, whole), false())
            case "ease":
                factor = carried_number(self.transaction, _cards.c.extra, "anki", "factor")
                return compare(factor, sign, round(value * 1000))
            case "due":
                return self.due(sign, whole)
            case "rated":
                return _cards.c.id.in_(_answered(self.on_day(sign, whole), leaf.rating))
            case "resched":
                return _cards.c.id.in_(_moved(self.on_day(sign, whole)))
        return self.counted(leaf.name, sign, whole)

    def due(self, sign: str, days: int) -> _Condition:
        by_day = and_(
            _cards.c.due_at_ms.is_(None),
            _cards.c.due_day.is_not(None),
            compare(func.coalesce(_cards.c.due_day, 0), sign, self.today + days),
        )
        moment = func.coalesce(_cards.c.due_at_ms, 0)
        by_time = and_(_cards.c.due_at_ms.is_not(None), self.on_day(sign, days).hold(moment))
        return self.active() & or_(by_day, by_time)

    def on_day(self, sign: str, days: int) -> _Days:
        """The moments whose study day compares so with the one so many days from today."""
        start = self.present.start_ms(self.today + days)
        end = self.present.start_ms(self.today + days + 1)
        match sign:
            case "=":
                return _Days(start, end)
            case "!=":
                return _Days(start, end, others=True)
            case "<":
                return _Days(None, start)
            case "<=":
                return _Days(None, end)
            case ">":
                return _Days(end)
        return _Days(start)

    def counted(self, name: str, sign: str, count: int) -> _Condition:
        """Answers, or times forgotten: by the log, or what was brought along if that is more."""
        own = _cards.alias("counted")
        carried = carried_number(self.transaction, own.c.extra, "anki", name)
        if name == "lapses":
            forgotten = (_reviews.c.rating == 1) & (_reviews.c.kind == "review")
            lapses = _number_by_card(forgotten & _counts(_reviews))
            joined = own.join(lapses, lapses.c.card_id == own.c.id, isouter=True)
            logged: ColumnElement[int] = func.coalesce(lapses.c.number, 0)
        else:
            # The index alone counts all entries; those that are no answers are few.
            every = _number_by_card(None)
            others = _number_by_card((_reviews.c.rating == 0) | not_(_counts(_reviews)))
            joined = own.join(every, every.c.card_id == own.c.id, isouter=True)
            joined = joined.join(others, others.c.card_id == own.c.id, isouter=True)
            logged = func.coalesce(every.c.number, 0) - func.coalesce(others.c.number, 0)
        number = greater(self.transaction, logged, carried)
        found = select(own.c.id).select_from(joined).where(compare(number, sign, count))
        return _cards.c.id.in_(found)


def _number_by_card(which: _Condition | None) -> Subquery:
    """How many entries of the log each card has; of some entries, by a pass over the table."""
    if which is None:
        card_id: ColumnElement[int] = _reviews.c.card_id
        query = select(card_id.label("card_id"), func.count().label("number"))
    else:
        card_id = _reviews.c.card_id + 0  # not by the index, whose order is not the table's
        query = select(card_id.label("card_id"), func.count().label("number")).where(which)
    return query.group_by(card_id).subquery()


def _is_slow(node: Node) -> bool:
    """Whether notes are looked at one by one: better only those that the rest leaves over."""
    return not is_textual(node) and any(
        isinstance(leaf, nodes.Text | nodes.FieldIs) for leaf in nodes.leaves(node)
    )


@dataclass(frozen=True)
class _Days:
    """Moments from a first one to before another, or all others."""

    start_ms: int | None = None
    end_ms: int | None = None
    others: bool = False

    def hold(self, moment: ColumnElement[int]) -> _Condition:
        bounds = []
        if self.start_ms is not None:
            bounds.append(moment >= self.start_ms)
        if self.end_ms is not None:
            bounds.append(moment < self.end_ms)
        return not_(and_(*bounds)) if self.others else and_(*bounds)


def _counts(table: Any) -> _Condition:
    """That an entry of the log was not taken back."""
    return table.c.id.not_in(select(_voided.c.review_id))


def _answered(when: _Days, rating: int | None) -> Select[tuple[int]]:
    answer = _reviews.c.rating > 0 if rating is None else _reviews.c.rating == rating
    return _logged(when, answer)


def _moved(when: _Days) -> Select[tuple[int]]:
    return _logged(when, _reviews.c.kind.in_(("manual", "rescheduled")))


def _logged(when: _Days, what: _Condition) -> Select[tuple[int]]:
    conditions = [when.hold(_reviews.c.answered_at_ms), what, _counts(_reviews)]
    if when.start_ms is not None and not when.others:
        # A number is never below the moment, and has an index.
        conditions.append(_reviews.c.id >= when.start_ms)
    return select(_reviews.c.card_id).where(*conditions)
