"""Models against one another over learners: means, paired differences, ratios, wins.

The learner is the unit: intervals come from resampling learners, not reviews, because reviews
of one learner are not independent.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import NotEnoughDataError, ParameterError, UnknownNameError
from recollect.recall.metrics import Scores

__all__ = [
    "HIGHER_IS_BETTER",
    "METRICS",
    "Interval",
    "MeanScore",
    "MetricTable",
    "PairedComparison",
    "bootstrap_mean",
    "compare",
    "compare_all",
    "mean_scores",
    "metric_table",
    "to_json",
]

METRICS = ("log_loss", "rmse_bins", "auc", "brier", "ece")
"""Fields of :class:`~recollect.recall.metrics.Scores` on which models are ranked."""

HIGHER_IS_BETTER = frozenset({"auc"})

_CHUNK_ELEMENTS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its bootstrap interval (NaN with fewer than two learners)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class MetricTable:
    """One metric of every learner and model.

    Attributes:
        metric: name of the field of ``Scores``.
        learners: ``n`` names.
        models: ``k`` names.
        scored: ``[n]`` reviews scored.
        values: ``[n, k]``; NaN where the figure is not defined.
    """

    metric: str
    learners: tuple[str, ...]
    models: tuple[str, ...]
    scored: NDArray[np.int64]
    values: NDArray[np.float64]

    def column(self, model: str) -> NDArray[np.float64]:
        """``[n]`` values of one model.

        Raises:
            UnknownNameError: no such model.
        """
        if model not in self.models:
            raise UnknownNameError("model", model, self.models)
        return self.values[:, self.models.index(model)]


@dataclass(frozen=True)
class MeanScore:
    """A model's metric averaged over learners.

    Attributes:
        model: its name.
        metric: which figure.
        learners: number of learners where it is defined.
        plain: mean over learners, each counting the same, with its interval.
        weighted: mean over learners by number of scored reviews.
    """

    model: str
    metric: str
    learners: int
    plain: Interval
    weighted: float


@dataclass(frozen=True)
class PairedComparison:
    """One model against another on the same learners.

    Attributes:
        model: the model in question.
        reference: the one it is held against.
        metric: which figure.
        learners: number of learners where both are defined.
        difference: mean of (model − reference).
        ratio: mean of (model / reference).
        wilcoxon_p: two-sided signed-rank p value of the differences (Wilcoxon 1945), learners
            without a difference left out; 1 when there is none.
        won: learners for whom the model is better.
        lost: learners for whom it is worse.
    """

    model: str
    reference: str
    metric: str
    learners: int
    difference: Interval
    ratio: Interval
    wilcoxon_p: float
    won: int
    lost: int


def metric_table(scores: Mapping[str, Mapping[str, Scores]], metric: str) -> MetricTable:
    """Collect one metric.

    Args:
        scores: learner → model → scores; every learner has the same models.
        metric: a numeric field of ``Scores``.

    Raises:
        NotEnoughDataError: no learner.
        ParameterError: learners with different models.
        UnknownNameError: no such metric.
    """
    names = [field.name for field in dataclasses.fields(Scores)]
    if metric not in names:
        raise UnknownNameError("metric", metric, names)
    if not scores:
        raise NotEnoughDataError("no learner was scored; nothing to compare")
    learners = tuple(scores)
    models = tuple(next(iter(scores.values())))
    for learner, row in scores.items():
        if set(row) != set(models):
            raise ParameterError(
                f"learner {learner} has models {', '.join(row)}, others {', '.join(models)}; "
                "compare models on the same learners"
            )
    values = [[float(getattr(scores[u][m], metric)) for m in models] for u in learners]
    scored = [max((s.scored for s in scores[u].values()), default=0) for u in learners]
    return MetricTable(
        metric=metric,
        learners=learners,
        models=models,
        scored=np.array(scored, dtype=np.int64),
        values=np.array(values, dtype=np.float64).reshape(len(learners), len(models)),
    )


def mean_scores(
    table: MetricTable, *, confidence: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> list[MeanScore]:
    """Plain and review-weighted mean of every model, best plain mean first."""
    means = []
    for model in table.models:
        values = table.column(model)
        defined = ~np.isnan(values)
        weights = table.scored[defined]
        weighted = (
            float(np.average(values[defined], weights=weights)) if weights.sum() else math.nan
        )
        plain = bootstrap_mean(
            values[defined], confidence=confidence, resamples=resamples, seed=seed
        )
        means.append(MeanScore(model, table.metric, int(defined.sum()), plain, weighted))
    sign = -1.0 if table.metric in HIGHER_IS_BETTER else 1.0
    return sorted(
        means, key=lambda row: math.inf if math.isnan(row.plain.mean) else sign * row.plain.mean
    )


def compare(
    table: MetricTable,
    model: str,
    reference: str,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> PairedComparison:
    """One model against a reference, learner by learner.

    Args:
        table: the metric of every learner.
        model: name in the table.
        reference: name in the table.
        confidence: level of the intervals.
        resamples: bootstrap resamples of the learners.
        seed: of the bootstrap.

    Raises:
        UnknownNameError: a name that is not in the table.
    """
    ours, theirs = table.column(model), table.column(reference)
    both = ~(np.isnan(ours) | np.isnan(theirs))
    ours, theirs = ours[both], theirs[both]
    difference = ours - theirs
    # The ratio to a perfect reference (a figure of 0) is not defined.
    nonzero = theirs != 0
    ratio = ours[nonzero] / theirs[nonzero]
    better = difference > 0 if table.metric in HIGHER_IS_BETTER else difference < 0
    interval = {"confidence": confidence, "resamples": resamples, "seed": seed}
    return PairedComparison(
        model=model,
        reference=reference,
        metric=table.metric,
        learners=int(both.sum()),
        difference=bootstrap_mean(difference, **interval),  # type: ignore[arg-type]
        ratio=bootstrap_mean(ratio, **interval),  # type: ignore[arg-type]
        wilcoxon_p=_signed_rank_p(difference),
        won=int(better.sum()),
        lost=int((difference != 0).sum() - better.sum()),
    )


def compare_all(
    table: MetricTable,
    reference: str,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> list[PairedComparison]:
    """Every other model of the table against one reference."""
    return [
        compare(table, model, reference, confidence=confidence, resamples=resamples, seed=seed)
        for model in table.models
        if model != reference
    ]


def bootstrap_mean(
    values: NDArray[np.float64],
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Mean with its percentile bootstrap interval (Efron 1979).

    Args:
        values: ``[n]``, one a learner.
        confidence: level.
        resamples: number of resamples.
        seed: the same seed gives the same interval.
    """
    n = values.shape[0]
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(values.mean())
    if n == 1:
        return Interval(mean, math.nan, math.nan)
    generator = np.random.default_rng(seed)
    means = np.empty(resamples)
    chunk = max(1, _CHUNK_ELEMENTS // n)
    for start in range(0, resamples, chunk):
        stop = min(start + chunk, resamples)
        means[start:stop] = values[generator.integers(n, size=(stop - start, n))].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(mean, float(low), float(high))


def to_json(value: Any) -> Any:
    """Dataclasses, NumPy arrays and numbers as what ``json.dumps`` writes; NaN becomes null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, np.generic):
        return to_json(value.item())
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _signed_rank_p(difference: NDArray[np.float64]) -> float:
    from scipy.stats import wilcoxon

    nonzero = difference[difference != 0]
    return float(wilcoxon(nonzero).pvalue) if nonzero.shape[0] else 1.0
