"""A study session: the next card, the answer, and why; what the terminal and the page share.

::

    from recollect.collection import open_collection
    from recollect.scheduling import Ladder
    from recollect.study import answer, begin, look_ahead, next_card

    with open_collection("collection.db") as collection:
        session = begin(collection)
        session, shown = next_card(collection, session)
        shown = look_ahead(shown, Ladder())
        session, answered = answer(collection, session, shown, 3, duration_ms=2_500)
"""

from recollect.study.answering import answer
from recollect.study.ending import Ending, ending
from recollect.study.session import (
    begin,
    bury,
    look_ahead,
    next_card,
    ranked,
    suspend,
    undo,
)
from recollect.study.state import Answered, Prospect, Session, Shown
from recollect.study.typing import Comparison, Piece, TypingOptions, aligned, compare

__all__ = [
    "Answered",
    "Comparison",
    "Ending",
    "Piece",
    "Prospect",
    "Session",
    "Shown",
    "TypingOptions",
    "aligned",
    "answer",
    "begin",
    "bury",
    "compare",
    "ending",
    "look_ahead",
    "next_card",
    "ranked",
    "suspend",
    "undo",
]
