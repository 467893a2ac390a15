"""Which preset a deck is studied by, and changing it for that deck alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from recollect.collection.decks import deck_tree, get_deck, list_decks, update_deck
from recollect.collection.presets import (
    add_preset,
    check_preset,
    get_preset,
    list_presets,
    update_preset,
)
from recollect.collection.rows import Deck, Preset
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError

__all__ = ["change_preset_of_deck", "give_preset"]

_FIRST = 1


def give_preset(transaction: Transaction, deck_id: int, preset: Preset) -> None:
    """Study a deck, and those within it that were studied like it, by another preset.

    Raises:
        UnknownNameError: there is no such deck.
        CollectionError: it is a filtered one.
    """
    for deck in _alike(transaction, deck_id):
        update_deck(transaction, replace(deck, preset_id=preset.id))


def change_preset_of_deck(
    transaction: Transaction, deck_id: int, values: Mapping[str, Any]
) -> Preset:
    """Change how a deck is studied, and those within it that are studied like it, and no others.

    If other decks have the same preset, or it is the one that new decks get, the deck gets its own.

    Args:
        transaction: to write with.
        deck_id: number of the deck.
        values: fields of :class:`Preset` and their new values.

    Returns:
        The deck's preset from now on.

    Raises:
        UnknownNameError: there is no such deck.
        CollectionError: it is a filtered one, or a value is out of its range.
    """
    alike = _alike(transaction, deck_id)
    present = get_preset(transaction, alike[0].preset_id or _FIRST)
    changed = check_preset(replace(present, **values))
    sharing = {deck.id for deck in list_decks(transaction) if deck.preset_id == present.id}
    if present.id != _FIRST and sharing <= {deck.id for deck in alike}:
        update_preset(transaction, changed)
        return changed
    taken = {preset.name for preset in list_presets(transaction)}
    wanted = alike[0].name
    names = (wanted if number == 1 else f"{wanted} ({number})" for number in count(1))
    name = next(name for name in names if name not in taken)
    own = add_preset(transaction, replace(changed, id=0, name=name))
    give_preset(transaction, deck_id, own)
    return own


def _alike(transaction: Transaction, deck_id: int) -> list[Deck]:
    """The deck, then those within it that have its preset."""
    top = get_deck(transaction, deck_id)
    if top.is_filtered:
        raise CollectionError(f"{top.name!r} only borrows its cards; change the decks they are of")
    return [deck for deck in deck_tree(transaction, deck_id) if deck.preset_id == top.preset_id]
