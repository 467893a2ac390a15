"""The keys of a collection's cards, and what is like what by them.

::

    from pathlib import Path

    from recollect.collection import open_collection
    from recollect.collection.keys import card_keys, similar_cards
    from recollect.cues import NgramSettings

    with open_collection("collection.db") as collection, collection.reading() as transaction:
        keys = card_keys(transaction, NgramSettings(), Path("cache"))
        similar = similar_cards(transaction, keys, "el perro")
"""

from recollect.collection.keys.contents import Content, card_content
from recollect.collection.keys.lookup import CardKeys, card_keys
from recollect.collection.keys.reading import contents_of
from recollect.collection.keys.similar import (
    ALLY,
    LEAST,
    MOST,
    Competitor,
    all_competitors,
    competitors_of,
    similar_cards,
    similar_term,
    similar_to_card,
)

__all__ = [
    "ALLY",
    "LEAST",
    "MOST",
    "CardKeys",
    "Competitor",
    "Content",
    "all_competitors",
    "card_content",
    "card_keys",
    "competitors_of",
    "contents_of",
    "similar_cards",
    "similar_term",
    "similar_to_card",
]
