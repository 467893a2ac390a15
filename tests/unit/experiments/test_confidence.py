"""Ratings: what the models say against simulation, and how answers are counted."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from recollect.experiments import confidence
from recollect.experiments.protocol import DataFolder

_VALUES = {
    "own_match": 1.5, "item_spread": 1.2, "lowest": -1.0,
    "step_1": 0.5, "step_2": 0.6, "step_3": 0.7, "step_4": 0.8,
}  # fmt: skip


def test_chances_are_those_of_simulated_matches() -> None:
    random = np.random.default_rng(0)
    new = np.exp(random.standard_normal(200_000))
    old = new + 1.5 * np.exp(1.2 * random.standard_normal(len(new)))
    criteria = np.array([-1.0, -0.5, 0.1, 0.8, 1.6])
    told = np.asarray(confidence.at_least(_VALUES))
    for kind, match in enumerate((old, new)):
        seen = (np.log(match)[:, None] > criteria).mean(0)
        np.testing.assert_allclose(told[kind], seen, atol=0.005)


def test_sequential_shares_make_up_the_ratings() -> None:
    exceeds = confidence.at_least(_VALUES)
    steps = np.asarray(confidence.sequential(exceeds)).reshape(2, 5)
    left = np.cumprod(np.concatenate([np.ones((2, 1)), 1 - steps], axis=1), axis=1)
    np.testing.assert_allclose(1 - left[:, 1:], np.asarray(exceeds)[:, ::-1], rtol=1e-4)


def test_slope_is_the_ratio_of_spreads() -> None:
    criteria = np.linspace(-1, 2, 5)
    exceeds = np.stack([stats.norm.sf((criteria - 1) / 1.25), stats.norm.sf(criteria)])
    assert confidence.zroc_slope(exceeds) == pytest.approx(1 / 1.25)


def test_ratings_are_counted_by_person_and_kind(tmp_path: Path) -> None:
    folder = tmp_path / "recognition_priming_lange"
    folder.mkdir()
    rows = ["SubjID,RecConf,Bottom1Top2New0", "1,6,2", "1,6,1", "1,1,0", "2,4,0", "2,-99,1"]
    with gzip.open(folder / "CIDRS14.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(rows))
    counts = confidence._people(DataFolder(tmp_path))
    assert counts.shape == (2, 2, 6)
    assert counts[0, 0, 5] == 2
    assert counts[0, 1, 0] == 1
    assert counts[1, 1, 3] == 1
    assert counts.sum() == 4
