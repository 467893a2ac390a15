"""A-B then A-C: how a first answer stands in the way of a second (DaPolito's experiment)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Fit,
    Parameters,
    Runs,
    Source,
    binomial_fit,
    read_table,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "both_recalled", "sequential_counts"]

_FOLDER = "ab_ac_interference_mpt"
_KINDS = ("BC", "Bc", "bC", "bc")


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        nodes: of the Gaussian quadrature over cues of differing strength.
    """

    nodes: int = 9


def sequential_counts(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """A table of four outcomes as three binomials: B; C where B was found; C where it was not.

    The product of their likelihoods is the multinomial one.

    Args:
        counts: ``[condition, outcome]``, outcomes in the order BC, Bc, bC, bc.

    Returns:
        Successes and trials, each ``[3 x condition]``.
    """
    both, only_b, only_c, neither = counts.T
    with_b = both + only_b
    successes = np.concatenate([with_b, both, only_c])
    trials = np.concatenate([counts.sum(1), with_b, only_c + neither])
    return successes, trials


def both_recalled(
    values: Parameters, nodes: int
) -> tuple[Float[Array, "times node"], Float[Array, "times node"], Float[Array, "times node"]]:
    """Chances of B, of C, and of C as a control item, for cues from weak to strong.

    One cue leads to both answers. Each query matches the trace of its own list whole and that of
    the other list by ``exp(-γ)``, and the two answers compete with each other and with noise.
    Rows are one, two and three presentations of B.
    """
    memory = EpisodicMemory(choice=values["choice"], item_spread=values["item_spread"])
    nodes_at, _ = np.polynomial.hermite_e.hermegauss(nodes)
    cue = jnp.exp(memory.item_spread * jnp.asarray(nodes_at))
    event, second = jnp.asarray(values["written"]), jnp.asarray(values["written_second"])
    twice = event + event * memory.written(memory.recalled(event))
    thrice = twice + event * memory.written(memory.recalled(twice))
    first = jnp.stack([event, twice, thrice])[:, None]
    beta = memory.choice

    def found(target: Array, rival: Array) -> Float[Array, "times node"]:
        strong = (cue * target) ** beta
        # A power of nothing has no slope; this little is nothing beside the noise.
        against = jnp.maximum(values["other_list"] * cue * rival, 1e-6) ** beta
        return strong / (strong + against + memory.noise**beta)

    return found(first, second), found(second, first), found(second, 0.0 * first)


def _predicted(values: Parameters, nodes: int) -> Float[Array, " condition"]:
    _, weights = np.polynomial.hermite_e.hermegauss(nodes)
    share = jnp.asarray(weights / weights.sum())
    b, c, _ = both_recalled(values, nodes)
    of_b, of_both, of_c_alone = b @ share, (b * c) @ share, ((1 - b) * c) @ share
    shares = (of_b, of_both / of_b, of_c_alone / (1 - of_b))
    return jnp.concatenate([jnp.tile(each, 2) for each in shares])


def _multinomial_tree(values: Parameters) -> Float[Array, " condition"]:
    """Riefer and Batchelder's tree: p (cue taken in), q (B, by presentations), r (C)."""
    p, r = values["p"], values["r"]
    q = jnp.stack([values["q_1"], values["q_2"], values["q_3"]] * 2)
    r_all = jnp.full(6, r)
    return jnp.concatenate([p * q, r_all, p * (1 - q) * r_all / (1 - p * q)])


def _marginals(shares: NDArray[np.float64], trials: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of B and of C, ``[2, presentations]``, over both tests."""
    first, with_b, without_b = shares.reshape(3, 6)
    second = first * with_b + (1 - first) * without_b
    weight = trials[:6]
    pooled = [(x * weight).reshape(2, 3).sum(0) / weight.reshape(2, 3).sum(0)
              for x in (first, second)]  # fmt: skip
    return np.stack(pooled)


def _read(data: DataFolder) -> NDArray[np.float64]:
    columns = {"test": int, "abpres": int, "resp": str, "freq": float}
    table = read_table(data.folder(_FOLDER) / "proact.csv", columns)
    chosen = [
        (table["test"] == test) & (table["abpres"] == times) & (table["resp"] == kind)
        for test in (1, 2)
        for times in (1, 2, 3)
        for kind in _KINDS
    ]
    return np.array([table["freq"][each].sum() for each in chosen]).reshape(6, 4)


def _fits(
    settings: Settings, successes: NDArray[np.float64], trials: NDArray[np.float64]
) -> tuple[list[Fit], list[NDArray[np.float64]]]:
    common = {
        "written": (0.02, 1.5),
        "written_second": (0.02, 1.5),
        "choice": (0.3, 8.0),
        "item_spread": (0.0, 2.0),
    }

    def predict(values: Parameters) -> Float[Array, " condition"]:
        return _predicted(values, settings.nodes)

    ours = binomial_fit(
        "memory, the list a part of its keys",
        predict,
        {**common, "other_list": (0.0, 1.0)},
        successes,
        trials,
        ours=True,
    )
    one_list = binomial_fit(
        "keys without the list", predict, common, successes, trials, fixed={"other_list": 1.0}
    )
    alone = binomial_fit(
        "no competition", predict, common, successes, trials, fixed={"other_list": 0.0}
    )
    tree = binomial_fit(
        "multinomial tree, r constant",
        _multinomial_tree,
        dict.fromkeys(("p", "q_1", "q_2", "q_3", "r"), (0.01, 0.99)),
        successes,
        trials,
    )
    pairs = (ours, one_list, alone, tree)
    return [fit for fit, _ in pairs], [told for _, told in pairs]


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit the memory, two lesions of it and the multinomial tree to the recall table."""
    successes, trials = sequential_counts(_read(data))
    fits, told = _fits(settings, successes, trials)
    ours, one_list, alone, _ = fits
    people, memory, blind = (
        _marginals(shares, trials) for shares in (successes / trials, told[0], told[1])
    )
    _, second, control = both_recalled(ours.parameters, settings.nodes)
    _, weights = np.polynomial.hermite_e.hermegauss(settings.nodes)
    share = weights / weights.sum()
    return Findings(
        measures={
            "first_rise": 100 * (memory[0, 2] - memory[0, 0]),
            "second_change": 100 * (memory[1, 2] - memory[1, 0]),
            "cost": 100 * float(np.asarray(control - second)[0] @ share),
            "list_gain": one_list.aic - ours.aic,
            "competition_gain": alone.aic - ours.aic,
            "r_squared": ours.r_squared,
        },
        curves={"people": people, "memory": memory, "blind": blind},
        fits=tuple(fits),
        data="recall frequencies of DaPolito's 60 participants",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall of the first and of the second answer by how often the first was shown."""
    panels = figure.subplots(1, 2, sharey=True)
    times = np.arange(1, 4)
    titles = ("first answer (B)", "second answer (C), learned once")
    for place, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        axes.bar(times, 100 * runs.mean("people")[place], color="#c9d7e3", label="people")
        axes.plot(
            times, 100 * runs.mean("memory")[place], "o-", color=PALETTE[0],
            label="memory, the list a part of its keys",
        )  # fmt: skip
        axes.plot(
            times, 100 * runs.mean("blind")[place], "s--", color=PALETTE[1],
            label="keys without the list",
        )  # fmt: skip
        axes.set_xticks(times)
        axes.set_title(title)
        axes.set_xlabel("times that A-B was shown")
    panels[0].set_ylabel("recalled (%)")
    panels[1].legend(loc="upper left")


EXPERIMENT = Experiment(
    name="proactive",
    part="Interference",
    title="A better learned first answer does not push out the second",
    claim="When a cue has had two answers in two lists, learning the first one better raises its "
    "own recall and leaves that of the second where it was.",
    source=Source(
        "Riefer & Batchelder 1988, Multinomial modeling and the measurement of cognitive "
        "processes; the experiment is DaPolito's (Greeno, James, DaPolito & Polson 1978)",
        "analysis of the A-B and A-C items: q rises with A-B presentations, r stays constant",
        "https://doi.org/10.1037/0033-295x.95.3.318",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "first_rise",
            "how far the fitted memory's recall of the first answer rises from one to three "
            "presentations",
            (27.0, 42.0),
            34.7,
            "pooled recall frequencies of both tests (proact.csv of the R package mpt); band: "
            "two standard errors, 7 points each way",
            unit="points",
        ),
        Expected(
            "second_change",
            "how far its recall of the second answer changes meanwhile",
            (-7.0, 7.0),
            0.0,
            "r remains constant (Riefer & Batchelder 1988); band: two standard errors of the "
            "difference of two shares of 360 answers",
            unit="points",
        ),
        Expected(
            "list_gain",
            "AIC of keys without the list minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion: the list must be worth its parameter",
        ),
        Expected(
            "cost",
            "recall that the fitted memory says the second answer loses to the first",
            (1.0, float("inf")),
            None,
            "definition of proactive interference; our criterion: a point at least",
            unit="points",
        ),
        Expected(
            "r_squared",
            "variance of the 18 shares that the memory accounts for",
            (0.9, 1.0),
            None,
            "our criterion",
        ),
    ),
    caption="Left: the first answer gains with every presentation. Right: the second does not "
    "lose. If the list were no part of the keys, a stronger first answer would push it out.",
    how_it_works="Both answers hang on the same cue, but each key also holds its list. A query "
    "for one list matches the other list's key only in part, so that what is stronger there "
    "competes little. Values are never touched.",
    limits="The table has no control items with a single answer, so that the size of proactive "
    "interference itself is inferred from the fit, not seen; why an event of the second list is "
    "the weaker one from the start is left to a parameter. Answers are pooled over people.",
    data=(_FOLDER,),
    needs_data=True,
    seeds=1,
    quick_seeds=1,
)
