"""The values of studying: where it stands, a card that is shown, what came of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from recollect.collection.rows import Card, Preset, ReviewEntry, Settings
from recollect.scheduling.foresight import Foresight
from recollect.scheduling.queue import Plan, ReviewOrder
from recollect.study.faces import Faces

__all__ = ["Answered", "Done", "Prospect", "Session", "Shown"]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done with a card in this session, and which change of the collection it was.

    Attributes:
        change_id: number of the change.
        card_id: which card.
        rating: of an answer; 0 where the card was suspended or put off.
    """

    change_id: int
    card_id: int
    rating: int


@dataclass(frozen=True)
class Session:
    """Where studying stands.

    Attributes:
        deck_id: the deck that is studied, with all within it; None for all.
        plan: what is left of the day's cards.
        started_ms: when it began.
        limit: answers after which it ends, if it does.
        order: of the reviews.
        done: what was done so far, oldest first; what was taken back is gone.
        first: card that comes before all others, because something was taken back.
    """

    deck_id: int | None
    plan: Plan
    started_ms: int
    limit: int | None = None
    order: ReviewOrder = "forgotten"
    done: tuple[Done, ...] = ()
    first: int | None = None

    @property
    def answers(self) -> int:
        """Answers so far."""
        return sum(one.rating > 0 for one in self.done)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is expected of a card that is shown.

    Attributes:
        by: name of the scheduler.
        foresight: recall, and for how long each answer would hold.
        intervals: ``[4]`` that each answer gives: days, or seconds where negative.
    """

    by: str
    foresight: Foresight
    intervals: tuple[int, ...]


@dataclass(frozen=True)
class Shown:
    """A card that is put to the learner.

    Attributes:
        card: as it is stored.
        entries: its past, oldest first.
        faces: its two sides.
        preset: how its deck is studied.
        settings: of the collection.
        why: it comes: ``new``, ``due``, ``learning`` or ``learning ahead``.
        shown_at_ms: when.
        left: new cards, cards in learning and reviews that are left today, this one included.
        prospect: what is expected; None before :func:`look_ahead`.
    """

    card: Card
    entries: tuple[ReviewEntry, ...]
    faces: Faces
    preset: Preset
    settings: Settings
    why: str
    shown_at_ms: int
    left: tuple[int, int, int]
    prospect: Prospect | None = None


@dataclass(frozen=True)
class Answered:
    """What came of an answer.

    Attributes:
        entry: in the review log.
        card: as it is stored now.
        change_id: to take it back.
        leech: whether it became a leech by this answer.
        buried: how many cards of the same note were put off until tomorrow.
        line: what was expected and how it moved, in words.
    """

    entry: ReviewEntry
    card: Card
    change_id: int
    leech: bool
    buried: int
    line: str
