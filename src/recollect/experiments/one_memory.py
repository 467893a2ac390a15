"""One memory: can one set of parameters serve all experiments with people?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recollect.experiments.context_dependence import context_problem
from recollect.experiments.contiguity import contiguity_problem
from recollect.experiments.encoding_specificity import encoding_problem
from recollect.experiments.forgetting_curves import (
    ebbinghaus_problem,
    rubin_problem,
)
from recollect.experiments.models.problems import JointFit, Problem, fit_jointly
from recollect.experiments.news import news_problem, read_answers
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
    r_squared,
)
from recollect.experiments.repetition_lag import Settings as RepetitionSettings
from recollect.experiments.repetition_lag import read_words, repetition_problem
from recollect.experiments.serial_position import serial_problem
from recollect.experiments.testing_effect import restudy_problem
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "problems"]

_MUCH_WORSE = 0.1


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        serial_lists: which of the six published lists of free recall are fitted.
        repeated_words: words followed in each condition of the repetition data.
        left_out: names of experiments that are not fitted.
    """

    serial_lists: tuple[int, ...] = (0, 3, 5)
    repeated_words: int = 40
    left_out: tuple[str, ...] = ()


def problems(settings: Settings, data: DataFolder) -> list[Problem]:
    """Every experiment with people that the memory answers in closed form."""
    found = [
        ebbinghaus_problem(),
        restudy_problem(),
        context_problem(),
        encoding_problem(),
        contiguity_problem(),
        serial_problem(settings.serial_lists),
    ]
    if data.has("ebbinghaus_murre_dros"):
        found.append(rubin_problem(data, 2.0))
    if data.has("meeter2005_news_retention"):
        answers = read_answers(data)
        right, asked = answers.right.sum(0), answers.asked.sum(0)
        found.append(news_problem(answers.days, right, asked))
    if data.has("repfr_repeated_items") and "repetition lag" not in settings.left_out:
        chosen = RepetitionSettings(fitted_words=settings.repeated_words)
        found.append(repetition_problem(read_words(data), chosen))
    return [problem for problem in found if problem.name not in settings.left_out]


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit all experiments together and each alone."""
    fit = fit_jointly(problems(settings, data))
    names = list(fit.observed)
    together = np.array([r_squared(fit.observed[name], fit.together[name]) for name in names])
    alone = np.array([r_squared(fit.observed[name], fit.alone[name]) for name in names])
    lost = alone - together
    worse = [name for name, loss in zip(names, lost, strict=True) if loss > _MUCH_WORSE]
    return Findings(
        measures={
            "median_r_squared": float(np.median(together)),
            "worst_r_squared": float(together.min()),
            "served": 100 * float(np.mean(lost <= _MUCH_WORSE)),
            "aic_gain": fit.separate.aic - fit.joint.aic,
            "bic_gain": fit.separate.bic - fit.joint.bic,
            "fewer_parameters": float(fit.separate.free_parameters - fit.joint.free_parameters),
        }
        | {f"together: {name}": value for name, value in zip(names, together.tolist(), strict=True)}
        | {f"alone: {name}": value for name, value in zip(names, alone.tolist(), strict=True)},
        curves={
            "names": np.array(names),
            "together": together,
            "alone": alone,
            **{f"seen {name}": fit.observed[name] for name in names},
            **{f"told {name}": fit.together[name] for name in names},
        },
        fits=(fit.joint, fit.separate),
        data=_summary(fit, worse),
    )


def _summary(fit: JointFit, worse: list[str]) -> str:
    failing = ", ".join(worse) or "none"
    return (
        f"{len(fit.observed)} experiments; worse by more than {_MUCH_WORSE} of variance "
        f"than with parameters of their own: {failing}"
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Variance accounted for by shared and by own parameters; and all means at once."""
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    names = runs.each[0].curves["names"].tolist()
    together, alone = runs.mean("together"), runs.mean("alone")
    places = np.arange(len(names))[::-1]
    left.barh(places + 0.2, alone, 0.4, color="#c9d7e3", label="parameters of its own")
    left.barh(places - 0.2, together.clip(0), 0.4, color=PALETTE[0], label="one set for all")
    left.set_yticks(places, names)
    left.set(xlabel="variance of people's means accounted for", xlim=(0, 1))
    left.set_xticks([0, 0.25, 0.5, 0.75, 1])
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    for place, name in enumerate(names):
        right.plot(
            runs.mean(f"told {name}"), runs.mean(f"seen {name}"),
            "osD^vP*X<>"[place % 10], ms=4, color=PALETTE[place % 7], label=name,
        )  # fmt: skip
    right.plot([0, 1], [0, 1], color="#6b6b6b", lw=1)
    right.set(xlabel="memory, one set for all", ylabel="people", xlim=(0, 1), ylim=(0, 1))
    right.legend(fontsize=7.5, loc="upper left", handletextpad=0.1)


_SETS = ("ebbinghaus_murre_dros", "meeter2005_news_retention", "repfr_repeated_items")
EXPERIMENT = Experiment(
    name="one-memory",
    part="One memory",
    title="One set of parameters for all experiments with people",
    claim="Forgetting over seconds and over years, retrieval, repetition, cues, contexts and free "
    "recall are the same memory: one set of parameters serves them all.",
    source=Source(
        "Gershman, Fiete & Irie 2025, Key-value memory in the brain",
        "the claim that one form of memory explains many findings; the joint fit is ours",
        "https://arxiv.org/abs/2501.02950",
    ),
    settings=Settings(),
    quick=Settings(left_out=("repetition lag", "serial position")),
    run=run,
    plot=plot,
    expected=(
        Expected("median_r_squared", "variance accounted for with shared parameters, median of "
                 "experiments", (0.8, 1.0), None, "our criterion"),
        Expected("worst_r_squared", "the same for the experiment that is served worst",
                 (0.5, 1.0), None, "our criterion"),
        Expected("served", "share of experiments that lose at most a tenth of their variance "
                 "against parameters of their own", (75.0, 100.0), None, "our criterion", unit="%"),
        Expected("bic_gain", "BIC of a set for each experiment minus that of one set for all",
                 (0.0, float("inf")), None,
                 "our criterion: what sharing loses in fit must be less than what the spared "
                 "parameters are worth"),
    ),
    caption="Pale bars: how well the memory fits each experiment alone. Blue bars: the same memory "
    "with one set of choice, decay, surprise, spread, immediacy, tilt and sharpness for all. Where "
    "blue is shorter, one memory does not serve; where there is none it does worse than the mean.",
    how_it_works="Every experiment writes key-value pairs and reads them by match and competition. "
    "What differs between experiments is how strongly things were written and what competes; how "
    "keys fade and how values compete is shared.",
    limits="An experiment's errors are scaled to what its own fit leaves open, so that very many "
    "answers do not silence the others; AIC and BIC are those of the scaled errors. Experiments "
    "with hardly more means than parameters (testing, cues, places) are easily fitted.",
    data=_SETS,
    built_in="published means",
    seeds=1,
    quick_seeds=1,
)  # fmt: skip
