"""The undo list: how the last changes of a collection are taken back, and made again.

A transaction notes, in order, what takes back each of its steps: rows to delete, to insert, to
update, and reviews to void. Taking a change back runs these in reverse through the same functions,
which note how *that* is taken back; so an undone change can be made again.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import zstandard
from sqlalchemy import delete, func, select

from recollect.collection import schema
from recollect.collection.rows import Change
from recollect.collection.transaction import Row, Step, Transaction
from recollect.errors import CollectionError

__all__ = [
    "KEPT_CHANGES",
    "list_changes",
    "media_in_changes",
    "next_change_id",
    "record",
    "redo",
    "undo",
]

KEPT_CHANGES = 50
"""How many changes can be taken back."""

_changes = schema.changes
_heads = (_changes.c.id, _changes.c.made_at_ms, _changes.c.title, _changes.c.undone)


def list_changes(transaction: Transaction) -> list[Change]:
    """The changes that can be taken back or made again, newest first."""
    query = select(*_heads).order_by(_changes.c.id.desc())
    return [Change(*row) for row in transaction.execute(query)]


def next_change_id(transaction: Transaction) -> int:
    """A number above all in the list: the time, as long as that moves on."""
    newest = transaction.execute(select(func.max(_changes.c.id))).scalar_one()
    return max(transaction.now_ms, (newest or 0) + 1)


def record(transaction: Transaction, title: str | None) -> None:
    """Put what a transaction wrote on the undo list.

    Args:
        transaction: about to end.
        title: what to call the change; without one, neither it nor any change before it can be
            taken back, since that would leave a collection that nobody has seen.
    """
    if not transaction.steps:
        return
    if title is None:
        transaction.connection.execute(delete(_changes))
        return
    transaction.connection.execute(delete(_changes).where(_changes.c.undone))
    row = (transaction.change_id, transaction.now_ms, title, _pack(transaction.steps), False)
    transaction.insert(_changes, [row])
    kept = select(_changes.c.id).order_by(_changes.c.id.desc()).limit(KEPT_CHANGES)
    transaction.connection.execute(delete(_changes).where(_changes.c.id.not_in(kept)))


def undo(transaction: Transaction, expected: int | None = None) -> Change | None:
    """Take the newest change back.

    Args:
        transaction: a writing one without a title.
        expected: the change that is meant; if another has been made since, nothing is done.

    Returns:
        The change, or None if there is none to take back.

    Raises:
        CollectionError: another change than the expected one is the newest.
    """
    query = select(*_heads).where(~_changes.c.undone).order_by(_changes.c.id.desc()).limit(1)
    return _turn(transaction, query, expected, undone=True)


def redo(transaction: Transaction, expected: int | None = None) -> Change | None:
    """Make the change again that was taken back last; see :func:`undo`."""
    query = select(*_heads).where(_changes.c.undone).order_by(_changes.c.id).limit(1)
    return _turn(transaction, query, expected, undone=False)


def media_in_changes(transaction: Transaction) -> set[str]:
    """Fingerprints of the media that some change could bring back."""
    found: set[str] = set()
    for packed in transaction.execute(select(_changes.c.inverse)).scalars():
        for step in _unpack(packed):
            if step["table"] == schema.media.name and "columns" in step:
                at = step["columns"].index(schema.media.c.sha256.name)
                found.update(row[at] for row in step["rows"])
    return found


def _turn(
    transaction: Transaction, query: Any, expected: int | None, *, undone: bool
) -> Change | None:
    row = transaction.execute(query).one_or_none()
    if row is None:
        return None
    change = replace(Change(*row), undone=undone)
    if expected is not None and expected != change.id:
        raise CollectionError(
            f"another change was made since ({change.title!r}); look again, then decide"
        )
    mine = _changes.c.id == change.id
    packed = transaction.execute(select(_changes.c.inverse).where(mine)).scalar_one()
    for step in reversed(_unpack(packed)):
        _replay(transaction, step)
    values = {"inverse": _pack(transaction.steps), "undone": undone}
    transaction.connection.execute(_changes.update().where(mine).values(**values))
    transaction.steps.clear()
    return change


def _replay(transaction: Transaction, step: Step) -> None:
    table = schema.metadata.tables[step["table"]]
    rows = step["rows"][::-1]
    match step["do"]:
        case "insert":
            transaction.insert(table, _in_order(step, rows))
        case "update":
            transaction.update(table, _in_order(step, rows))
        case "delete":
            transaction.delete_keys(table, rows)
        case _:
            voided = [(review_id, transaction.now_ms) for review_id in rows]
            transaction.insert(schema.voided_reviews, voided)


def _in_order(step: Step, rows: list[Any]) -> list[Row]:
    names = [column.name for column in schema.metadata.tables[step["table"]].columns]
    places = [step["columns"].index(name) for name in names]
    return [tuple(row[at] for at in places) for row in rows]


def _pack(steps: list[Step]) -> bytes:
    text = json.dumps(steps, ensure_ascii=False, separators=(",", ":"))
    return zstandard.ZstdCompressor().compress(text.encode())


def _unpack(packed: bytes) -> list[Step]:
    return json.loads(zstandard.ZstdDecompressor().decompress(packed))
