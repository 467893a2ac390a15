"""What of a collection its keys are made of, and how to tell that it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, func, select

from recollect.collection import schema
from recollect.collection.codecs import fields_from
from recollect.collection.keys.contents import Content, card_content
from recollect.collection.note_types import list_note_types
from recollect.collection.rows import NoteType
from recollect.collection.transaction import Transaction, chunks

__all__ = ["CARD", "Places", "contents_at", "contents_of", "present_cards", "state_of"]

_notes, _versions, _cards = schema.notes, schema.note_versions, schema.cards
_CHUNK = 2_000
_PRIME = 1_000_003
_present = (_versions.c.note_id == _notes.c.id) & (_versions.c.version == _notes.c.version)

CARD = np.dtype(
    [("card", "<i8"), ("note", "<i8"), ("content", "<u8"), ("prompt", "<i8"), ("answer", "<i8")]
)
"""Of a card: its number, its note's, a check sum of what its texts are made of, and the rows of
their keys, -1 where there are none yet."""

Places = Mapping[int, tuple[int, int]]
"""Note and ordinal of cards, by number."""


def state_of(transaction: Transaction) -> dict[str, Any]:
    """What differs, as good as always, once a card, a note's fields or a note type does.

    It is counted within the database, so that nothing else has to be read where nothing changed.
    """
    sums: tuple[Select[Any], ...] = (
        select(func.count(), _sum((_cards.c.id % _PRIME) * (_cards.c.ordinal + 1))),
        select(
            func.count(),
            _sum((_notes.c.id % _PRIME) * _notes.c.version),
            _sum(_notes.c.note_type_id % _PRIME),
        ),
        # Versions are only added to; those of another backup were written at other times.
        select(func.count(), _sum(_versions.c.written_at_ms % _PRIME)),
    )
    counted = [int(value) for query in sums for value in transaction.execute(query).one()]
    types = sorted((kind.id, _type_sum(kind)) for kind in list_note_types(transaction))
    return {"counted": counted, "types": hashlib.sha256(repr(types).encode()).hexdigest()}


def present_cards(transaction: Transaction) -> tuple[NDArray[Any], Places]:
    """All cards in order of their numbers, as :data:`CARD` without keys."""
    types = {kind.id: _type_sum(kind) for kind in list_note_types(transaction)}
    query = (
        select(
            _cards.c.id,
            _cards.c.note_id,
            _cards.c.ordinal,
            _notes.c.note_type_id,
            _versions.c.sha256,
        )
        .join_from(_cards, _notes, _notes.c.id == _cards.c.note_id)
        .join(_versions, _present)
        .order_by(_cards.c.id)
    )
    rows, places = [], {}
    for number, note, ordinal, kind, sha256 in transaction.execute(query):
        content = (int(sha256[:16], 16) * 31 + types[kind]) * 31 + ordinal
        rows.append((number, note, content % 2**64, -1, -1))
        places[number] = (note, ordinal)
    return np.array(rows, CARD), places


def contents_of(transaction: Transaction, card_ids: Iterable[int]) -> dict[int, Content]:
    """What cards ask and want to hear, by number; those that are not there are left out."""
    query = select(_cards.c.id, _cards.c.note_id, _cards.c.ordinal)
    places = {}
    for chunk in chunks(card_ids, _CHUNK):
        for number, note, ordinal in transaction.execute(query.where(_cards.c.id.in_(chunk))):
            places[number] = (note, ordinal)
    return contents_at(transaction, places)


def contents_at(transaction: Transaction, places: Places) -> dict[int, Content]:
    """What cards ask and want to hear, by number and in the order of the places."""
    types = {kind.id: kind for kind in list_note_types(transaction)}
    query = select(_notes.c.id, _notes.c.note_type_id, _versions.c.fields).join_from(
        _notes, _versions, _present
    )
    found = {}
    for chunk in chunks(places.items(), _CHUNK):
        wanted = query.where(_notes.c.id.in_({note for _, (note, _) in chunk}))
        notes = {
            number: (types[kind], fields_from(fields))
            for number, kind, fields in transaction.execute(wanted)
        }
        for number, (note, ordinal) in chunk:
            found[number] = card_content(*notes[note], ordinal)
    return found


def _sum(values: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(values), 0)


def _type_sum(kind: NoteType) -> int:
    """Of all that decides what of a note its cards ask."""
    sides = [(template.question, template.answer) for template in kind.templates]
    known = repr((kind.kind, kind.field_names, sides))
    digest = hashlib.blake2b(known.encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")
