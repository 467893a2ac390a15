"""ACT-R's declarative memory with the spacing effect of Pavlik and Anderson.

Pavlik & Anderson (2005), "Practice and forgetting effects on vocabulary memory: an
activation-based model of the spacing effect", Cognitive Science 29: a card's activation is
m = ln Σ_j t_j^(-d_j), t_j being the time since its j-th review; each review decays at its own
rate d_j = c e^(m_j) + a, higher the more active the card was at that review; recall is
p = 1 / (1 + e^((τ - m) / s)). Times are seconds on the paper's clock between sessions, which
runs at 0.025 of real time. All four parameters are fitted to the learner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.recall.baselines.act_r_activation import Cards, activation
from recollect.recall.baselines.support import predict_per_fold
from recollect.recall.task import Fold, ScoringTask

__all__ = ["ActR", "ActRParameters", "fit_act_r"]

Floats = NDArray[np.float64]

_MAX_TRAIN_ROWS = 20_000  # four parameters need no more; keeps long logs quick
_MAX_ITERATIONS = 60
_BOUNDS = ((0.001, 1.5), (0.0, 2.0), (-15.0, 10.0), (0.02, 5.0))
_PRIOR_SPREAD = np.array([0.5, 0.5, 3.0, 1.0])


@dataclass(frozen=True)
class ActRParameters:
    """Defaults are those of Pavlik and Anderson (2005).

    Attributes:
        decay: a, decay rate of a review made at no activation.
        spacing: c, how much activation at a review adds to its decay rate.
        threshold: τ, activation at which half of the cards are recalled.
        noise: s, width of the step from failing to recalling.
    """

    decay: float = 0.1768
    spacing: float = 0.2170
    threshold: float = -0.7042
    noise: float = 0.2549

    def to_array(self) -> Floats:
        """``[4]``."""
        return np.array([self.decay, self.spacing, self.threshold, self.noise])


class ActR:
    """Base-level activation with a logistic read-out, fitted to each fold's train rows."""

    name = "act-r"
    columns = ("p_act_r",)

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_act_r": [m]}``."""
        cards = Cards.of(task.log)
        parameters = ActRParameters()

        def predict_fold(fold: Fold) -> Floats:
            nonlocal parameters  # a fold's train rows begin with those of the fold before it
            parameters = fit_act_r(task, fold.train_rows, parameters)
            found = activation(cards, parameters.decay, parameters.spacing)
            return _recall(parameters, found.level[fold.test_rows])

        return {"p_act_r": predict_per_fold(task, predict_fold)}


def _recall(parameters: ActRParameters, level: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit((level - parameters.threshold) / parameters.noise))


def fit_act_r(
    task: ScoringTask, train_rows: NDArray[np.int64], start: ActRParameters | None = None
) -> ActRParameters:
    """Parameters of highest posterior probability under a weak Gaussian prior.

    Args:
        task: whose log holds the rows.
        train_rows: ``[a]`` rows to learn from; cards are sampled evenly above 20,000 rows.
        start: where the search begins; the defaults if not given.

    Returns:
        Fitted parameters; the defaults where there is nothing to learn from.
    """
    from scipy.optimize import minimize

    default = ActRParameters().to_array()
    rows = _sampled(task, train_rows)
    if not rows.size:
        return ActRParameters()
    log = task.log
    kept = np.isin(log.card_id, log.card_id[rows]) & (np.arange(len(log)) <= rows[-1])
    cards = Cards.of(log, kept)
    recalled = log.recalled[rows].astype(np.float64)

    def loss(values: Floats) -> tuple[float, Floats]:
        decay, spacing, threshold, noise = values
        found = activation(cards, decay, spacing)
        logit = (found.level[rows] - threshold) / noise
        error = _recall(ActRParameters(*values), found.level[rows]) - recalled
        value = float(np.sum(np.logaddexp(0.0, logit) - recalled * logit))
        by_level = error / noise
        gradient = np.array(
            [
                by_level @ found.by_decay[rows],
                by_level @ found.by_spacing[rows],
                -by_level.sum(),
                -(by_level @ logit),
            ]
        )
        deviation = (values - default) / _PRIOR_SPREAD
        return value + 0.5 * float(deviation @ deviation), gradient + deviation / _PRIOR_SPREAD

    first = (start or ActRParameters()).to_array()
    options = {"maxiter": _MAX_ITERATIONS}
    best = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=_BOUNDS, options=options)
    return ActRParameters(*(float(value) for value in best.x))


def _sampled(task: ScoringTask, train_rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The train rows, of every second, third, ... card where there are very many."""
    every = -(-train_rows.size // _MAX_TRAIN_ROWS)
    if every <= 1:
        return train_rows
    _, card = np.unique(task.log.card_id[train_rows], return_inverse=True)
    return train_rows[card % every == 0]
