"""No answer that was acknowledged is lost, wherever studying is killed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killed_studies.py")


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_nothing_acknowledged_is_lost(tmp_path, kills):
    done = subprocess.run(
        [sys.executable, PROGRAM, tmp_path, str(kills), "7"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)
    assert len(runs) == kills
    for run in runs:
        assert run["intact"] == "ok"
        kept = ("lost", "undone_but_there", "broken_keys", "wrong_cards")
        assert [run[name] for name in kept] == [0, 0, 0, 0]
        assert run["unasked"] in (0, 1)
    assert sum(run["answers"] for run in runs) > kills  # it was studied between the kills
