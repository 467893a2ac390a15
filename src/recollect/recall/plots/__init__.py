"""Pictures of predictions, drawn with matplotlib (the ``plots`` extra), one file a picture.

Every function returns a matplotlib ``Figure`` and changes no global setting;
:func:`~recollect.recall.plots.style.save_figure` writes it as PNG or SVG.
"""

from recollect.recall.plots.calibration import calibration_figure
from recollect.recall.plots.card import CardLife, card_figure
from recollect.recall.plots.forgetting import (
    ForgettingGroup,
    forgetting_figure,
    forgetting_groups,
)
from recollect.recall.plots.learners import learners_figure
from recollect.recall.plots.style import save_figure

__all__ = [
    "CardLife",
    "ForgettingGroup",
    "calibration_figure",
    "card_figure",
    "forgetting_figure",
    "forgetting_groups",
    "learners_figure",
    "save_figure",
]
