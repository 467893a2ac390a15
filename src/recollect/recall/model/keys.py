"""The key under which the learner memory stores a review: what was known before the answer.

One row of :data:`KEYS` a component: its name, what it means, and which of the two predictions may
use it. The curve uses only what is known at the end of the card's previous review, and of the
components that move with time only those whose weight keeps it from rising.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.recall.model.form import FORM_NAMES
from recollect.recall.model.history import History

__all__ = [
    "CURVE",
    "CURVE_SIGN",
    "INSTANT",
    "KEYS",
    "KEY_NAMES",
    "KeyPart",
    "counted_keys",
    "keys_along",
]

Sign = Literal["any", "positive", "negative"]


@dataclass(frozen=True)
class KeyPart:
    """One component of the key.

    Attributes:
        name: of the component.
        meaning: in words, for explanations.
        scale: typical size; the component is divided by it.
        used: by which predictions ("both", "instant" or "curve").
        curve_sign: which sign its weight may have in the curve.
    """

    name: str
    meaning: str
    scale: float
    used: Literal["both", "instant", "curve"] = "instant"
    curve_sign: Sign = "any"


KEYS = (
    KeyPart("constant", "this learner, on the whole", 1.0, "both"),
    KeyPart("traces", "strength of the card's traces", 1.4, "both", "positive"),
    KeyPart("centre_traces", "the same for the average learner", 1.4),
    KeyPart("elapsed", "time since the last review", 1.85, "both", "negative"),
    KeyPart("elapsed_beyond_3_days", "time beyond three days", 1.0, "curve", "negative"),
    KeyPart("elapsed_beyond_30_days", "time beyond a month", 0.5, "both", "negative"),
    KeyPart("reviews", "number of earlier reviews", 0.7, "both"),
    KeyPart("reviews_beyond_4", "many earlier reviews", 0.5, "both"),
    KeyPart("lapse_share", "share of reviews failed so far", 0.19, "both"),
    KeyPart("second_review", "second time it is seen", 0.38, "curve"),
    KeyPart("last_again", "last answer was Again", 0.26, "curve"),
    KeyPart("last_hard", "last answer was Hard", 0.45, "curve"),
    KeyPart("last_easy", "last answer was Easy", 0.31, "curve"),
    KeyPart("last_answer_time", "time the last answer took", 0.78, "both"),
    KeyPart("streak", "successes in a row", 0.53, "both"),
    KeyPart("previous_interval", "length of the interval before the last review", 2.2, "both"),
    KeyPart("first_again", "first answer ever was Again", 0.45, "curve"),
    KeyPart("first_hard", "first answer ever was Hard", 0.4, "both"),
    KeyPart("first_easy", "first answer ever was Easy", 0.4, "both"),
    KeyPart("days_studied", "days on which it was studied", 0.65),
    KeyPart("steps_last_day", "steps on the last day it was studied", 0.5),
    KeyPart("hour_sine", "time of day", 0.62),
    KeyPart("hour_cosine", "time of day", 0.77),
    KeyPart("new_today", "new cards met today", 0.47),
    KeyPart("session_reviews", "reviews since the last break", 0.44),
    KeyPart("elapsed_by_reviews", "time, the more the oftener reviewed", 1.2),
    KeyPart("traces_by_streak", "traces, the more the longer the streak", 0.7),
    KeyPart("elapsed_by_interval", "time, against the interval before", 1.2),
    KeyPart("surprise_3_reviews", "surprise over the last 3 reviews", 0.15),
    KeyPart("surprise_10_reviews", "surprise over the last 10 reviews", 0.1),
    KeyPart("surprise_30_reviews", "surprise over the last 30 reviews", 0.07),
    KeyPart("answer_time_recent", "speed of recent answers", 0.25),
    KeyPart("recall_recent", "recall over the last reviews", 1.4),
    KeyPart("recall_lasting", "recall over the last weeks", 0.95),
    KeyPart("surprise_deck", "surprise in this deck", 0.06),
    KeyPart("surprise_siblings", "surprise at cards of the same note", 0.1),
    KeyPart("surprise_card", "surprise at one card, from day to day", 0.2),
    KeyPart("surprise_neighbours", "surprise at cards first met at about the same time", 0.06),
)
"""Every component, in order."""

KEY_NAMES = tuple(part.name for part in KEYS)
INSTANT = np.array([i for i, part in enumerate(KEYS) if part.used != "curve"])
"""Which components the instant prediction uses."""
CURVE = np.array([i for i, part in enumerate(KEYS) if part.used != "instant"])
"""Which components the curve uses."""
CURVE_SIGN = np.array(
    [{"any": 0, "positive": 1, "negative": -1}[KEYS[i].curve_sign] for i in CURVE]
)
"""Which sign the curve's weights may have: 1, -1, or 0 for either."""

_SCALE = np.array([part.scale for part in KEYS], dtype=np.float32)
_LOG_3_DAYS = np.log(3.0)
_LOG_30_DAYS = np.log(30.0)
_LOG_5_REVIEWS = np.log(5.0)


def log_elapsed(elapsed_days: NDArray[np.floating]) -> NDArray[np.floating]:
    """The time component: log days, levelling off below a quarter of an hour."""
    return np.log(elapsed_days + 0.01)


def counted_keys(history: History) -> dict[str, NDArray[np.float32]]:
    """Components that are counted from the log alone, unscaled, ``[n]`` each."""
    elapsed = log_elapsed(history.elapsed_days)
    reviews = np.log1p(history.reviews)
    angle = history.hour / 24.0 * 2.0 * np.pi
    columns = {
        "constant": np.ones_like(elapsed),
        "elapsed": elapsed,
        "elapsed_beyond_3_days": np.maximum(elapsed - _LOG_3_DAYS, 0.0),
        "elapsed_beyond_30_days": np.maximum(elapsed - _LOG_30_DAYS, 0.0),
        "reviews": reviews,
        "reviews_beyond_4": np.maximum(reviews - _LOG_5_REVIEWS, 0.0),
        "lapse_share": history.lapses / (history.reviews + 1.0),
        "second_review": history.reviews == 1,
        "last_again": history.last_rating == 0,
        "last_hard": history.last_rating == 1,
        "last_easy": history.last_rating == 3,
        "last_answer_time": history.last_answer_time,
        "streak": np.log1p(history.streak),
        "previous_interval": history.previous_interval,
        "first_again": history.first_rating == 0,
        "first_hard": history.first_rating == 1,
        "first_easy": history.first_rating == 3,
        "days_studied": np.log1p(history.days_studied),
        "steps_last_day": np.log1p(history.steps_last_day),
        "hour_sine": np.sin(angle),
        "hour_cosine": np.cos(angle),
        "new_today": np.log1p(history.new_today) / 3.0,
        "session_reviews": np.log1p(history.session_reviews) / 3.0,
        "elapsed_by_reviews": 0.3 * elapsed * reviews,
        "elapsed_by_interval": 0.2 * elapsed * history.previous_interval,
    }
    return {name: column.astype(np.float32) for name, column in columns.items()}


def keys_along(
    counted: dict[str, Array],
    traces: Float[Array, " n"],
    form: Float[Array, "n form"],
) -> Float[Array, "n key"]:
    """The scaled key of every review.

    Args:
        counted: as from :func:`counted_keys`, with ``centre_traces``, the log odds of recall by
            the average learner's traces.
        traces: log odds of recall by the bank.
        form: as from :func:`~recollect.recall.model.form.form_along`.
    """
    columns = dict(counted) | {name: form[:, i] for i, name in enumerate(FORM_NAMES)}
    columns["traces"] = traces
    columns["traces_by_streak"] = 0.3 * traces * counted["streak"]
    return jnp.stack([columns[name] for name in KEY_NAMES], axis=-1) / _SCALE
