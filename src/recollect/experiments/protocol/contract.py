"""What an experiment is: a claim, where it was made, how to run it, and what would count.

Everything here is plain data; :mod:`~recollect.experiments.protocol.running` runs it and
:mod:`~recollect.experiments.protocol.verdict` judges it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recollect.experiments.protocol.data import DataFolder
    from recollect.experiments.protocol.running import Runs

__all__ = ["Expected", "Experiment", "Findings", "Fit", "Source", "Value"]

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Source:
    """Where a claim was made.

    Attributes:
        paper: authors, year and title.
        where: the figure, table or section.
        link: DOI or arXiv address; empty for what is older than either.
    """

    paper: str
    where: str
    link: str = ""


@dataclass(frozen=True)
class Expected:
    """One published number or direction, and what our own number must be to agree with it.

    Attributes:
        measure: key of :attr:`Findings.measures`.
        says: what is measured, in words that need no code.
        band: lowest and highest value that agrees; an infinite end makes it a direction.
        published: the published value; None where only a direction is claimed.
        read_from: table, figure, log or text where value and band come from.
        unit: unit of the value, such as ``%``; empty for a pure number.
        only_with: folders of the data without which the band does not apply; empty for any.
        premise: whether it follows from how the memory is built. It is shown and checked, and can
            spoil a verdict, but earns none.
    """

    measure: str
    says: str
    band: tuple[float, float]
    published: float | None
    read_from: str
    unit: str = ""
    only_with: tuple[str, ...] = ()
    premise: bool = False

    def __post_init__(self) -> None:
        low, high = self.band
        if not low <= high or (math.isinf(low) and math.isinf(high)):
            raise ValueError(f"{self.measure}: a band {self.band} cannot be missed or met")

    @property
    def is_direction(self) -> bool:
        """Whether one end is open: then the whole interval must lie inside, not only the mean."""
        return math.isinf(self.band[0]) or math.isinf(self.band[1])


@dataclass(frozen=True)
class Value:
    """A number with a 95 % interval of its own, as from resampled participants."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Fit:
    """How well a model fits human data.

    Attributes:
        model: name for people.
        ours: whether it is the memory, not a rival.
        parameters: fitted values by name.
        free_parameters: how many of them were fitted to these data.
        observations: number of conditions or answers that the likelihood counts.
        r_squared: of the condition means, as ``protocol.r_squared`` defines it.
        aic: Akaike's information criterion; lower is better.
        bic: Bayesian information criterion; lower is better.
    """

    model: str
    ours: bool
    parameters: Mapping[str, float]
    free_parameters: int
    observations: int
    r_squared: float
    aic: float
    bic: float


@dataclass(frozen=True)
class Findings:
    """What one run of an experiment, with one seed, found.

    Attributes:
        measures: numbers by name; a :class:`Value` where the run knows its own uncertainty.
        curves: arrays for the picture, by name, the same shapes for every seed.
        fits: models compared on human data, ours among them.
        data: what was used, such as ``MNIST and Fashion-MNIST`` or ``simulated lists``.
    """

    measures: Mapping[str, float | Value]
    curves: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    fits: tuple[Fit, ...] = ()
    data: str = ""

    def __post_init__(self) -> None:
        arrays = {name: np.asarray(curve) for name, curve in self.curves.items()}
        object.__setattr__(self, "curves", arrays)


@dataclass(frozen=True)
class Experiment(Generic[Settings]):
    """A claim that can be run.

    Attributes:
        name: what the command line calls it.
        part: heading under which the report shows it.
        title: a few words.
        claim: one sentence that could be wrong.
        source: where it was claimed or measured.
        settings: everything that can be varied, for a full run.
        quick: the same, smaller, for seconds instead of minutes.
        run: ``run(settings, data, seed)``: pure; all randomness comes from the seed.
        plot: ``plot(figure, runs, settings)`` draws on an empty matplotlib figure.
        expected: what must come out.
        caption: what to look at in the picture.
        how_it_works: how keys and values bring the effect about, for a reader of the report.
        limits: what was simplified, and what this does not show.
        data: folders of real data that it can use.
        built_in: what it runs on without them; empty where nothing is needed.
        needs_data: whether it cannot run without :attr:`data`.
        seeds: default number of seeds of a full run; 1 where nothing is random.
        quick_seeds: the same for a quick run.
    """

    name: str
    part: str
    title: str
    claim: str
    source: Source
    settings: Settings
    quick: Settings
    run: Callable[[Settings, DataFolder, int], Findings]
    plot: Callable[[Figure, Runs, Settings], None]
    expected: tuple[Expected, ...]
    caption: str
    how_it_works: str
    limits: str = ""
    data: tuple[str, ...] = ()
    built_in: str = ""
    needs_data: bool = False
    seeds: int = 10
    quick_seeds: int = 3

    def __post_init__(self) -> None:
        if not self.expected:
            raise ValueError(f"{self.name}: an experiment without an expectation cannot fail")
        if self.needs_data and not self.data:
            raise ValueError(f"{self.name} needs data but names none")
