"""Working out afresh where every card stands, from its reviews alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recollect.collection import cards
from recollect.collection.reviews import reviews_of_cards
from recollect.collection.rows import Card, ReviewEntry
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction, chunks
from recollect.scheduling.standing import Standing, put, standing_after, standing_of

__all__ = ["Difference", "differences", "rebuild"]

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A card whose stored state is not what follows from its reviews.

    Attributes:
        card: as it is stored.
        rebuilt: where it stands by its reviews.
        imported: whether its last entry comes from another program, whose rules may differ.
    """

    card: Card
    rebuilt: Standing
    imported: bool


def differences(
    transaction: Transaction, card_ids: Iterable[int] | None = None
) -> Iterator[Difference]:
    """Compare cards with their reviews; cards without any entry that counts are left out.

    Args:
        transaction: to read with.
        card_ids: which; all where None.
    """
    boundary = get_settings(transaction).day_boundary
    if card_ids is None:
        card_ids = [card.id for card in cards.iterate_cards(transaction)]
    for chunk in chunks(card_ids, _CHUNK):
        entries: dict[int, list[ReviewEntry]] = {}
        for entry in reviews_of_cards(transaction, chunk):
            entries.setdefault(entry.card_id, []).append(entry)
        for card in cards.get_cards(transaction, chunk):
            mine = entries.get(card.id, [])
            rebuilt = standing_after(mine, boundary)
            if rebuilt is not None and rebuilt != standing_of(card):
                yield Difference(card, rebuilt, mine[-1].reason is None)


def rebuild(transaction: Transaction, found: Iterable[Difference]) -> int:
    """Store what follows from the reviews; returns how many cards changed."""
    return cards.update_cards(transaction, [put(one.card, one.rebuilt) for one in found])
