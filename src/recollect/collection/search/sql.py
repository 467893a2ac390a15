"""Pieces of SQL that are said in two ways, one for each database."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Integer,
    any_,
    case,
    cast,
    false,
    func,
    literal,
    select,
)

from recollect.collection.search.patterns import LIKE_ESCAPE
from recollect.collection.transaction import Transaction

__all__ = ["carried_number", "code_points", "compare", "contains", "greater", "is_in", "ranks"]

_FEW = 100
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(left: Any, sign: str, right: Any) -> Any:
    """``left sign right``, for columns and for numbers."""
    return _OPERATORS[sign](left, right)


def contains(column: ColumnElement[Any], like: str) -> ColumnElement[bool]:
    """That a folded text is like a folded pattern: the same with both databases."""
    return column.like(like, escape=LIKE_ESCAPE)


def is_in(
    transaction: Transaction, column: ColumnElement[Any], numbers: Sequence[int]
) -> ColumnElement[bool]:
    """That a column is one of any number of numbers."""
    if not numbers:
        return false()
    if len(numbers) <= _FEW:
        return column.in_(numbers)
    if transaction.is_sqlite:
        each = func.json_each(json.dumps(list(numbers))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(literal(list(numbers), ARRAY(BigInteger)))


def ranks(transaction: Transaction, numbers: Sequence[int]) -> Any:
    """A table with the columns ``number`` and ``place``: the numbers and their places."""
    if transaction.is_sqlite:
        each = func.json_each(json.dumps(list(numbers))).table_valued("key", "value")
        return select(each.c.value.label("number"), each.c.key.label("place")).subquery()
    array = literal(list(numbers), ARRAY(BigInteger))
    each = func.unnest(array).table_valued("number", with_ordinality="place").render_derived()
    return select(each.c.number, each.c.place).subquery()


def carried_number(
    transaction: Transaction, column: ColumnElement[Any], *path: str
) -> ColumnElement[int]:
    """A whole number somewhere in JSON that is kept as text; 0 where there is none."""
    if transaction.is_sqlite:
        found = func.json_extract(column, "$." + ".".join(path))
        is_whole = func.typeof(found) == "integer"
        return case((is_whole, cast(found, Integer)), else_=0)
    found = func.json_extract_path_text(cast(column, JSON), *path)
    return case((found.regexp_match("^-?[0-9]{1,9}$"), cast(found, Integer)), else_=0)


def greater(
    transaction: Transaction, left: ColumnElement[int], right: ColumnElement[int]
) -> ColumnElement[int]:
    """The greater of two numbers."""
    return func.max(left, right) if transaction.is_sqlite else func.greatest(left, right)


def code_points(transaction: Transaction, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A text that is ordered by its code points, whatever the database's language is."""
    return column.collate("BINARY" if transaction.is_sqlite else "C")
