"""The commands on real logs, where there are some (``RECOLLECT_DATA``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

DATA = Path(
    os.environ.get("RECOLLECT_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)


@pytest.fixture(scope="session")
def real_csv():
    return _needed(DATA / "revlog-fsrs-format.csv")


@pytest.fixture(scope="session")
def real_folder():
    return _needed(DATA / "revlogs-dev")


def _needed(path):
    if not path.exists():
        pytest.skip(f"no real logs at {path}; RECOLLECT_DATA names their folder")
    return path


@pytest.fixture(scope="session")
def run(request, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    (cache / "compiled").symlink_to(request.config.cache.mkdir("recollect-compiled"))

    def start(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "recollect.cli", *map(str, arguments)],
            env=os.environ | {"RECOLLECT_CACHE": str(cache)},
            cwd=cache,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return start


def test_known_figures_of_a_real_log_come_out(run, real_csv):
    document = run(
        *("evaluate", real_csv, "--drop-outliers", "--json", "-"),
        *("--models", "moving-average,average,fsrs-6,fsrs-6-default"),
    )
    (scores,) = document["scores"].values()
    assert scores["p_fsrs_6"]["scored"] == 4940
    # What srs-benchmark's own programs give for these rows (UTC, rollover at 4 h).
    for column, log_loss in (
        ("p_average", 0.5054),
        ("p_moving_average", 0.4769),
        ("p_fsrs_6_default", 0.4396),
        ("p_fsrs_6", 0.4365),
    ):
        assert scores[column]["log_loss"] == pytest.approx(log_loss, abs=3e-4)


def test_a_folder_of_learners_is_evaluated_in_parallel(run, real_folder):
    document = run(
        *("evaluate", real_folder, "--learners", "3,10,15", "--workers", "2", "--json", "-"),
        *("--models", "recollect,moving-average", "--no-fit"),
    )
    assert list(document["scores"]) == ["3", "10", "15"]
    assert document["left_out"] == []
    assert all(log["defaults_held_out"] for log in document["logs"])
    ratios = {row["model"]: row["ratio"]["mean"] for row in document["comparisons"]["log_loss"]}
    assert ratios["p_recollect_instant"] < 1


def test_a_real_log_is_fitted_predicted_and_explained(run, real_csv, tmp_path):
    fitted = run("fit", real_csv, "--out", tmp_path / "params.json", "--json")
    assert fitted["loss_after"] < fitted["loss_before"]
    cards = run(
        *("predict", real_csv, "--now", "last", "--params", tmp_path / "params.json", "--json"),
    )["cards"]
    assert len(cards) == 1205
    for card in cards:
        assert 0 < card["recall_at_low"] <= card["recall_at"] <= card["recall_at_high"] < 1
    explained = run(
        *("explain", real_csv, "--now", "last", "--params", tmp_path / "params.json", "--json"),
        *("--card", cards[0]["card"]),
    )["explanation"]
    assert explained["recall"] == pytest.approx(cards[0]["recall_at"], abs=1e-6)
