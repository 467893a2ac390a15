"""Draw the pictures of the documentation from the built-in sample.

``python scripts/make_pictures.py`` writes ``docs/images/card_life.png``; the same code draws the
same picture each time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recollect.recall.defaults import load_defaults
from recollect.recall.explanation import explain_card
from recollect.recall.personalise import personalise
from recollect.recall.plots import card_figure, save_figure
from recollect.reviews import MS_PER_DAY, Rating, ReviewLog
from recollect.sample import load_deck, load_sample

IMAGES = Path(__file__).parents[1] / "docs" / "images"
REVIEWS = range(8, 12)
FAILURES_ON_LATER_DAYS = 2
DAYS_AHEAD = 45


def telling_card(log: ReviewLog) -> int:
    """The card with the longest history among those with few reviews and some forgetting."""
    failed = (log.rating == Rating.AGAIN) & (log.elapsed_days > 0)
    spans = {}
    for card in np.unique(log.card_id):
        rows = log.card_id == card
        if rows.sum() in REVIEWS and failed[rows].sum() == FAILURES_ON_LATER_DAYS:
            spans[int(card)] = int(np.ptp(log.review_time_ms[rows]))
    return max(spans, key=spans.__getitem__)


def main() -> None:
    log = load_sample().log
    card_id = telling_card(log)
    card = next(card for card in load_deck() if card.card_id == card_id)
    last_ms = int(log.review_time_ms[log.card_id == card_id].max())
    seen = personalise(log, load_defaults().parameters_for(log))
    life = explain_card(seen, card_id, last_ms + DAYS_AHEAD * MS_PER_DAY).life()
    title = f"One card's life: {card.prompt} → {card.answer} (simulated learner)"
    IMAGES.mkdir(parents=True, exist_ok=True)
    save_figure(card_figure(life, title=title), IMAGES / "card_life.png")
    print(IMAGES / "card_life.png")


if __name__ == "__main__":
    main()
