"""The collection: notes, cards and reviews in a database. No JAX here.

::

    from recollect.collection import open_collection, cards, decks

    with open_collection("collection.db") as collection:
        with collection.transaction("Move cards") as transaction:
            spanish = decks.make_deck(transaction, "Languages::Spanish")
            cards.move_cards(transaction, [1, 2], spanish.id)
        collection.undo()

Each module holds the functions for one kind of thing; their first argument is the transaction.
"""

from recollect.collection import (
    cards,
    decks,
    note_types,
    notes,
    presets,
    reviews,
    schema,
    settings,
    tags,
)
from recollect.collection.opening import Collection, now_ms, open_collection
from recollect.collection.places import Place, default_place, place_of
from recollect.collection.rows import (
    Card,
    Change,
    Deck,
    Field,
    MediaFile,
    Note,
    NoteType,
    NoteVersion,
    Preset,
    ReviewEntry,
    Settings,
    Template,
)
from recollect.collection.transaction import Transaction

__all__ = [
    "Card",
    "Change",
    "Collection",
    "Deck",
    "Field",
    "MediaFile",
    "Note",
    "NoteType",
    "NoteVersion",
    "Place",
    "Preset",
    "ReviewEntry",
    "Settings",
    "Template",
    "Transaction",
    "cards",
    "decks",
    "default_place",
    "note_types",
    "notes",
    "now_ms",
    "open_collection",
    "place_of",
    "presets",
    "reviews",
    "schema",
    "settings",
    "tags",
]
