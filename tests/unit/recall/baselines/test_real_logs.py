"""Figures measured on real logs, by the upstream programs or with the same rows."""

import os
from pathlib import Path

import numpy as np
import pytest

from recollect.recall.baselines import BASELINES
from recollect.recall.protocol import scoring_task
from recollect.reviews import DayBoundary, ReviewLog, read_log

DATA = Path(os.environ.get("RECOLLECT_DATA", Path(__file__).parents[5] / "shared" / "data"))
LEARNERS = DATA / "revlogs-dev"

pytestmark = pytest.mark.skipif(not LEARNERS.is_dir(), reason=f"no review logs at {DATA}")

# Days that turn at 10:00 UTC, 5 folds: learner, constant average, MOVING-AVG, FSRS-6 as fitted by
# fsrs-rs with its compute_parameters.
EARLIER = {
    1: (0.5113, 0.4777, 0.4389), 2: (0.3857, 0.3450, 0.3336), 3: (0.4561, 0.4274, 0.3629),
    4: (0.4528, 0.4423, 0.4319), 5: (0.2459, 0.2479, 0.2474), 6: (0.2555, 0.2412, 0.2621),
    7: (0.6963, 0.7062, 0.6109), 8: (0.3265, 0.3282, 0.3154), 9: (0.1915, 0.1929, 0.1726),
    10: (0.5324, 0.4764, 0.4791), 11: (0.4047, 0.3709, 0.3913), 12: (0.0660, 0.0528, 0.0562),
    13: (0.0507, 0.0346, 0.0476), 14: (0.0566, 0.0504, 0.0614), 15: (0.3731, 0.3008, 0.3393),
}  # fmt: skip


@pytest.fixture(scope="module")
def csv_log():
    return read_log(DATA / "revlog-fsrs-format.csv").log


def test_day_mode_as_upstream(csv_log, loss_of):
    """4,940 rows, days that turn at 4:00 UTC, unusual first gaps left out."""
    task = scoring_task(csv_log, drop_outliers=True)

    def loss(name):
        (probability,) = BASELINES[name]().predict(task).values()
        return loss_of(task, probability)

    assert loss("average") == pytest.approx(0.5054, abs=5e-5)
    assert loss("moving-average") == pytest.approx(0.4769, abs=5e-5)
    assert loss("fsrs-6-default") == pytest.approx(0.4396, abs=5e-5)
    assert loss("fsrs-7-default") == pytest.approx(0.4413, abs=5e-5)
    pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    assert loss("fsrs-6") == pytest.approx(0.4365, abs=2e-4)


@pytest.mark.slow
def test_fitted_fsrs7_is_no_worse_than_upstream(csv_log, loss_of):
    task = scoring_task(csv_log, drop_outliers=True)
    expected = {"fsrs-7": 0.4362, "fsrs-7-recency": 0.4351}
    for name, upstream in expected.items():
        (probability,) = BASELINES[name]().predict(task).values()
        assert upstream - 0.005 < loss_of(task, probability) < upstream + 0.0005


@pytest.mark.slow
def test_same_day_mode_as_upstream(csv_log, loss_of):
    task = scoring_task(csv_log, same_day=True)
    expected = {
        "average": (0.5442, 5e-5),
        "moving-average": (0.5167, 5e-5),
        "fsrs-6-default": (0.7687, 0.01),
        "fsrs-7": (0.4696, 0.001),
        "fsrs-7-recency": (0.4685, 0.001),
    }
    for name, (upstream, tolerance) in expected.items():
        (probability,) = BASELINES[name]().predict(task).values()
        assert loss_of(task, probability) == pytest.approx(upstream, abs=tolerance), name


@pytest.mark.slow
def test_fifteen_learners(loss_of):
    """The averages to the last digit; fitted FSRS-6 on average no worse than measured before."""
    pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    fitted = []
    for learner, (average, moving, fsrs6) in EARLIER.items():
        log = read_log(LEARNERS, str(learner)).log
        log = ReviewLog.from_columns(
            log.card_id, log.review_time_ms, log.rating, day_boundary=DayBoundary("UTC", 10)
        )
        task = scoring_task(log)
        losses = {}
        for name in ("average", "moving-average", "fsrs-6"):
            (probability,) = BASELINES[name]().predict(task).values()
            losses[name] = loss_of(task, probability)
        assert losses["average"] == pytest.approx(average, abs=6e-5), learner
        assert losses["moving-average"] == pytest.approx(moving, abs=6e-5), learner
        fitted.append((losses["fsrs-6"], fsrs6))
    ours, earlier = np.array(fitted).T
    assert np.all(ours < earlier * 1.03)
    assert ours.mean() < earlier.mean()
