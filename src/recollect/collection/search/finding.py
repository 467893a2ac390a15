"""Searching: all cards of a query in an order, a page of them, or their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, and_, case, func, literal, or_, select

from recollect.collection import schema
from recollect.collection.decks import list_decks
from recollect.collection.search.conditions import condition_of
from recollect.collection.search.extensions import NO_EXTENSIONS, Extensions
from recollect.collection.search.index import look_at, texts
from recollect.collection.search.nodes import Extra, Node, leaves
from recollect.collection.search.parsing import parse
from recollect.collection.search.sql import code_points, ranks
from recollect.collection.transaction import Transaction
from recollect.errors import ParameterError
from recollect.reviews.days import MS_PER_DAY

__all__ = ["SORTS", "Page", "count_cards", "find_cards", "find_notes", "find_page"]

SORTS = ("due", "added", "interval", "deck", "field")
"""Orders: learning and review cards by date before new ones by place; by number (when it was made);
interval; name of the deck; first field. What is equal is in order of number."""

_SORTED_CHARACTERS = 200
_cards, _notes = schema.cards, schema.notes


@dataclass(frozen=True)
class Page:
    """Some of the cards of a query.

    Attributes:
        card_ids: numbers, in order.
        after: what to pass for the page behind it; None if there is none. Plain JSON.
    """

    card_ids: tuple[int, ...]
    after: tuple[int | str, ...] | None


def find_cards(
    transaction: Transaction,
    query: str | Node,
    *,
    sort: str = "added",
    descending: bool = False,
    extensions: Extensions = NO_EXTENSIONS,
) -> list[int]:
    """The numbers of all cards that a query finds.

    Args:
        transaction: to read with.
        query: in the syntax of Anki's search, or its tree.
        sort: one of :data:`SORTS`, or a keyword of the extensions that says how well cards fit.
        descending: the other way round.
        extensions: further terms.

    Raises:
        SearchError: the query is not understood, or takes too long.
        ParameterError: no such order.
    """
    found = _found(transaction, query, extensions)
    ordered, keys = _sorted(transaction, found, sort, query, extensions)
    ordered = ordered.order_by(*(key.desc() if descending else key for key in keys))
    return list(transaction.execute(ordered).scalars())


def find_notes(
    transaction: Transaction, query: str | Node, *, extensions: Extensions = NO_EXTENSIONS
) -> list[int]:
    """The numbers of the notes of all cards that a query finds, ascending; see find_cards."""
    found = _found(transaction, query, extensions)
    notes = found.with_only_columns(_cards.c.note_id).distinct().order_by(_cards.c.note_id)
    return list(transaction.execute(notes).scalars())


def count_cards(
    transaction: Transaction, query: str | Node, *, extensions: Extensions = NO_EXTENSIONS
) -> int:
    """How many cards a query finds; see :func:`find_cards`."""
    found = _found(transaction, query, extensions)
    return transaction.execute(found.with_only_columns(func.count())).scalar_one()


def find_page(
    transaction: Transaction,
    query: str | Node,
    *,
    size: int,
    sort: str = "added",
    descending: bool = False,
    after: Sequence[int | str] | None = None,
    extensions: Extensions = NO_EXTENSIONS,
) -> Page:
    """The next cards that a query finds, from a place on that later changes do not move.

    Args:
        transaction: to read with.
        query: in the syntax of Anki's search, or its tree.
        size: how many, at most; 1 or more.
        sort: one of :data:`SORTS`, or a keyword of the extensions that says how well cards fit.
        descending: the other way round.
        after: of the page before, with the same order; None for the first one.
        extensions: further terms.

    Raises:
        SearchError: the query is not understood, or takes too long.
        ParameterError: no such order, size or place.
    """
    if size < 1:
        raise ParameterError(f"a page has one card or more, not {size}")
    found = _found(transaction, query, extensions)
    ordered, keys = _sorted(transaction, found, sort, query, extensions)
    if after is not None:
        ordered = ordered.where(_behind(keys, after, sort, descending))
    ordered = ordered.order_by(*(key.desc() if descending else key for key in keys))
    rows = transaction.execute(ordered.add_columns(*keys).limit(size + 1)).all()
    shown = rows[:size]
    last = tuple(shown[-1][1:]) if len(rows) > size else None
    return Page(tuple(row[0] for row in shown), last)


def _found(transaction: Transaction, query: str | Node, extensions: Extensions) -> Select[Any]:
    node = _parsed(query, extensions)
    condition = condition_of(transaction, node, str(query), extensions)
    return select(_cards.c.id).select_from(_cards).where(condition)


def _parsed(query: str | Node, extensions: Extensions) -> Node:
    if not isinstance(query, str):
        return query
    return parse(query, extra=extensions.terms, properties=extensions.properties)


def _sorted(
    transaction: Transaction,
    found: Select[Any],
    sort: str,
    query: str | Node,
    extensions: Extensions,
) -> tuple[Select[Any], tuple[Any, ...]]:
    """The query with what it must be joined with, and what it is ordered by."""
    number = _cards.c.id
    match sort:
        case "added":
            return found, (number,)
        case "interval":
            return found, (_cards.c.interval_days, number)
        case "due":
            is_new = case((_cards.c.phase == "new", 1), else_=0)
            day_ms = _cards.c.due_day * literal(MS_PER_DAY, BigInteger)
            date = func.coalesce(_cards.c.due_at_ms, day_ms, _cards.c.position, 0)
            return found, (is_new, date, number)
        case "deck":
            order = ranks(transaction, [deck.id for deck in list_decks(transaction)])
            found = found.join(order, order.c.number == _cards.c.deck_id)
            return found, (order.c.place, number)
        case "field":
            return _by_field(transaction, found)
        case _ if sort in extensions.terms:
            return _by_fit(transaction, found, sort, _parsed(query, extensions), extensions)
    orders = ", ".join([*SORTS, *extensions.terms])
    raise ParameterError(f"no order {sort!r}; there are: {orders}")


def _by_fit(
    transaction: Transaction, found: Select[Any], sort: str, node: Node, extensions: Extensions
) -> tuple[Select[Any], tuple[Any, ...]]:
    fits: dict[int, float] = {}
    sought = {leaf.text for leaf in leaves(node) if isinstance(leaf, Extra) and leaf.name == sort}
    for text in sorted(sought):
        cards = extensions.terms[sort](transaction, text)
        if not isinstance(cards, Mapping):
            raise ParameterError(f"{sort}: does not say how well cards fit, and is no order")
        for number, fit in cards.items():
            fits[number] = max(fit, fits.get(number, fit))
    if not sought:
        raise ParameterError(f"the order {sort!r} needs {sort}: in the query")
    order = ranks(transaction, sorted(fits, key=lambda number: (-fits[number], number)))
    found = found.join(order, order.c.number == _cards.c.id, isouter=True)
    return found, (func.coalesce(order.c.place, len(fits) + 1), _cards.c.id)


def _by_field(transaction: Transaction, found: Select[Any]) -> tuple[Select[Any], tuple[Any, ...]]:
    if not look_at(transaction).exists:
        return found, (_cards.c.note_id, _cards.c.id)
    found = found.join(_notes, _notes.c.id == _cards.c.note_id).join(
        texts,
        and_(texts.c.note_id == _notes.c.id, texts.c.version == _notes.c.version),
        isouter=True,
    )
    start = func.substr(func.coalesce(texts.c.text, ""), 1, _SORTED_CHARACTERS)
    return found, (code_points(transaction, start), _cards.c.id)


def _behind(keys: Iterable[Any], after: Sequence[int | str], sort: str, descending: bool) -> Any:
    """That a card comes after a place: greater in the first key that is not the same."""
    keys = tuple(keys)
    if len(keys) != len(after):
        raise ParameterError(f"{list(after)!r} is no place in the order {sort!r}")
    return or_(
        *(
            and_(
                *(same == value for same, value in zip(keys[:at], after, strict=False)),
                keys[at] < after[at] if descending else keys[at] > after[at],
            )
            for at in range(len(keys))
        )
    )
