r"""Search in Anki's syntax, for both databases.

::

    from recollect.collection import open_collection
    from recollect.collection.search import find_cards

    with open_collection("collection.db") as collection, collection.reading() as transaction:
        numbers = find_cards(transaction, 'deck:Spanish (is:due or prop:ivl<10) -tag:leech "el "')

A query is parsed into a tree (:func:`parse`), the tree becomes a condition on the table of cards.
What notes say is kept beside them, folded and without HTML (:func:`refresh`).
"""

from recollect.collection.search.extensions import Extensions, FindCards, MeasureCards
from recollect.collection.search.finding import (
    SORTS,
    Page,
    count_cards,
    find_cards,
    find_notes,
    find_page,
)
from recollect.collection.search.index import pending, refresh
from recollect.collection.search.nodes import Node
from recollect.collection.search.parsing import parse
from recollect.collection.search.texts import fold, plain_text, without_marks

__all__ = [
    "SORTS",
    "Extensions",
    "FindCards",
    "MeasureCards",
    "Node",
    "Page",
    "count_cards",
    "find_cards",
    "find_notes",
    "find_page",
    "fold",
    "parse",
    "pending",
    "plain_text",
    "refresh",
    "without_marks",
]
