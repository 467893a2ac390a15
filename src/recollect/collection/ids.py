"""Numbers for new rows: the time in ms, or the next that are free."""

from __future__ import annotations

from collections.abc import Container

from sqlalchemy import Table, select

from recollect.collection.transaction import Transaction

__all__ = ["free_ids"]


def free_ids(
    transaction: Transaction,
    table: Table,
    count: int,
    *,
    start: int = 0,
    besides: Container[int] = (),
) -> list[int]:
    """Numbers that no row of the table has, ascending, from the time of the change on.

    Args:
        transaction: in which the rows will be added.
        table: one whose only key is ``id``.
        count: how many.
        start: none below it.
        besides: none of these either.
    """
    numbers: list[int] = []
    start = max(start, transaction.now_ms)
    while len(numbers) < count:
        end = start + max(count - len(numbers), 16) * 2
        query = select(table.c.id).where(table.c.id >= start, table.c.id < end)
        taken = set(transaction.execute(query).scalars())
        window = range(start, end)
        numbers.extend(n for n in window if n not in taken and n not in besides)
        start = end
    return numbers[:count]
