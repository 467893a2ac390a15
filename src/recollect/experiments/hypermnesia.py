"""Hypermnesia: tested again and again, people recall more (Erdelyi & Becker 1974)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.experiments.models.search import Search, contexts, matches
from recollect.experiments.models.simulated import changed_bits, unit_vectors
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "repeated_tests"]


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        people: simulated.
        items: studied once, 60 pictures or 60 words.
        tests: one after the other, without study between them.
        picture_strength: of a picture's trace, beside 1 of a word's.
        key_dim: length of keys.
        value_dim: length of values.
        shared: cosine of an item's key with the list's context.
        reinstated: cosine of the context that people bring to a test with that of the list.
        sharpness: κ of the match with the context.
        search: how people search.
    """

    people: int = 200
    items: int = 60
    tests: int = 3
    picture_strength: float = 2.0
    key_dim: int = 32
    value_dim: int = 16
    shared: float = 0.8
    reinstated: float = 0.85
    sharpness: float = 4.0
    search: Search = field(default_factory=Search)


def repeated_tests(
    settings: Settings, random: np.random.Generator, search: Search, strength: float
) -> tuple[NDArray[np.bool_], float]:
    """What is recalled in each test, ``[test, people, item]``, and bits of values that changed.

    Each test is searched with a context reinstated anew; what one test strengthens is found more
    easily in the next.
    """
    keys, context = contexts(
        random, settings.people, settings.items, settings.key_dim, settings.shared
    )
    values = unit_vectors(random, settings.items, settings.value_dim)
    kept = values.copy()
    usual = matches(keys, context, settings.sharpness).mean()
    added = np.full((settings.people, settings.items), strength)
    came = []
    for _ in range(settings.tests):
        noise = unit_vectors(random, settings.people, settings.key_dim)
        query = settings.reinstated * context + np.sqrt(1 - settings.reinstated**2) * noise
        match = matches(keys, query.astype(np.float32), settings.sharpness) / usual
        test = search.recall(random, match * added)
        # The trace itself gained what being recalled is worth, whatever the query was.
        added = added + search.strengthened * test.recalled
        came.append(test.recalled)
    return np.stack(came), changed_bits(kept, values)


def _counts(came: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean items recalled in each test, and at least once so far."""
    so_far = np.logical_or.accumulate(came, axis=0)
    return came.sum(-1).mean(-1), so_far.sum(-1).mean(-1)


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Three tests of pictures and of words, and two lesions."""
    random = np.random.default_rng(seed)
    pictures, bits = repeated_tests(settings, random, settings.search, settings.picture_strength)
    words, _ = repeated_tests(settings, random, settings.search, 1.0)
    untouched = replace(settings.search, strengthened=0.0)
    lesion, _ = repeated_tests(settings, random, untouched, settings.picture_strength)
    of_pictures, ever = _counts(pictures)
    of_words, ever_words = _counts(words)
    of_lesion, ever_lesion = _counts(lesion)
    return Findings(
        measures={
            "rise": of_pictures[-1] - of_pictures[0],
            "pictures_minus_words": (of_pictures[-1] - of_pictures[0])
            - (of_words[-1] - of_words[0]),
            "newly_recalled": ever[-1] - of_pictures[0],
            "rise_not_strengthened": of_lesion[-1] - of_lesion[0],
            "values_changed_bits": bits,
        },
        curves={
            "pictures": of_pictures,
            "words": of_words,
            "lesion": of_lesion,
            "ever_pictures": ever,
            "ever_words": ever_words,
            "ever_lesion": ever_lesion,
        },
        data="simulated lists",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Items recalled in each test, and recalled at least once so far."""
    left, right = figure.subplots(1, 2, sharey=True)
    tests = np.arange(1, settings.tests + 1)
    for axes, prefix, label in (
        (left, "", f"recalled in this test, of {settings.items}"),
        (right, "ever_", "recalled in this test or an earlier one"),
    ):
        for name, text, colour, style in (
            ("pictures", "pictures", PALETTE[0], "o-"),
            ("words", "words", PALETTE[2], "D-."),
            ("lesion", "pictures, recall strengthens no key", PALETTE[1], "s--"),
        ):
            low, high = runs.spread(prefix + name)
            axes.fill_between(tests, low, high, color=colour, alpha=0.15, lw=0)
            axes.plot(tests, runs.mean(prefix + name), style, color=colour, label=text)
        axes.set_xticks(tests)
        axes.set_xlabel("test (nothing studied in between)")
        axes.set_ylabel(label)
        axes.set_ylim(0, settings.items)
    left.legend(loc="upper left")


EXPERIMENT = Experiment(
    name="hypermnesia",
    part="Storage against retrieval",
    title="Tested again, people recall more",
    claim="Recall of pictures rises from test to test though nothing is studied again, more than "
    "that of words.",
    source=Source(
        "Erdelyi & Becker 1974, Hypermnesia for pictures: incremental memory for pictures but not "
        "words in multiple recall trials",
        "three recall trials without further study",
        "https://doi.org/10.1016/0010-0285(74)90008-5",
    ),
    settings=Settings(),
    quick=Settings(people=100),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "rise",
            "pictures recalled in the last test minus in the first",
            (0.0, float("inf")),
            None,
            "recall of pictures rose over trials, more gained than lost (Erdelyi & Becker 1974)",
            unit="pictures",
        ),
        Expected(
            "pictures_minus_words",
            "that rise minus the rise of words",
            (0.0, float("inf")),
            None,
            "recall of words did not rise (same)",
            unit="items",
        ),
        Expected(
            "newly_recalled",
            "pictures recalled at least once minus those of the first test",
            (1.0, float("inf")),
            None,
            "what fails in one test may come in the next (Tulving 1967; Erdelyi & Becker 1974); at "
            "least one is our criterion",
            unit="pictures",
        ),
        Expected(
            "rise_not_strengthened",
            "the rise where being recalled strengthens no key",
            (-1.0, 1.0),
            None,
            "our criterion: without it gains and losses must balance; band of our own",
            unit="pictures",
            premise=True,
        ),
        Expected(
            "values_changed_bits",
            "bits of the stored values that all tests changed",
            (0.0, 0.0),
            None,
            "the theory: only what is found changes",
            premise=True,
        ),
    ),
    caption="Left: recall in each of three tests should rise, and does; more for pictures "
    "than for words, which does not come out here. Right: items that came at least "
    "once so far. New items come in every test; whether recall rises depends on old "
    "ones not being lost.",
    how_it_works="Every test asks with a context that is reinstated anew, so that other keys match "
    "best and other items are drawn. What was recalled has its key strengthened and is seldom "
    "lost again. What is stored is the same throughout.",
    limits="Pictures differ from words in the strength of their traces alone, which does not bring "
    "about that words fail to rise. The strengths and the search are set, not fitted; only "
    "directions are claimed.",
)
