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
    card_making,
    cards,
    decks,
    media,
    note_types,
    notes,
    presets,
    reviews,
    schema,
    settings,
    stock,
    tags,
)
from recollect.collection.backups import Backup, list_backups
from recollect.collection.checking import CheckReport, Finding, check_collection
from recollect.collection.opening import Collection, now_ms, open_collection
from recollect.collection.places import Place, default_place, place_of
from recollect.collection.plain_text import html_to_text
from recollect.collection.rendering import RenderedCard, render_card
from recollect.collection.restoring import Restored, restore
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
    "Backup",
    "Card",
    "Change",
    "CheckReport",
    "Collection",
    "Deck",
    "Field",
    "Finding",
    "MediaFile",
    "Note",
    "NoteType",
    "NoteVersion",
    "Place",
    "Preset",
    "RenderedCard",
    "Restored",
    "ReviewEntry",
    "Settings",
    "Template",
    "Transaction",
    "card_making",
    "cards",
    "check_collection",
    "decks",
    "default_place",
    "html_to_text",
    "list_backups",
    "media",
    "note_types",
    "notes",
    "now_ms",
    "open_collection",
    "place_of",
    "presets",
    "render_card",
    "restore",
    "reviews",
    "schema",
    "settings",
    "stock",
    "tags",
]
