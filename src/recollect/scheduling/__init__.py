"""When to review: what comes next, how long until it comes again, and why.

``steps``, ``standing``, ``fuzz``, ``intervals``, ``queue``, ``overview`` and ``rebuild`` need no
JAX; ``learner``, ``model`` and ``remembered`` bring in the recall model.
"""

from recollect.scheduling.foresight import Foreseer, Foresight
from recollect.scheduling.ladder import Ladder
from recollect.scheduling.overview import DeckToday, DueDay, decks_today, due_by_day
from recollect.scheduling.queue import Plan, plan_day
from recollect.scheduling.rebuild import Difference, differences, rebuild
from recollect.scheduling.standing import Standing, standing_after, standing_of
from recollect.scheduling.steps import answered, preview

__all__ = [
    "DeckToday",
    "Difference",
    "DueDay",
    "Foreseer",
    "Foresight",
    "Ladder",
    "Plan",
    "Standing",
    "answered",
    "decks_today",
    "differences",
    "due_by_day",
    "plan_day",
    "preview",
    "rebuild",
    "standing_after",
    "standing_of",
]
