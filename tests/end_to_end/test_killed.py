"""Wherever a process is killed, no acknowledged answer is lost and the collection is whole."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "data" / "anki" / "latest.apkg"


def found(program, *arguments):
    done = subprocess.run(
        [sys.executable, HERE / program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_studying_loses_nothing_acknowledged(tmp_path, kills):
    runs = found("killed_studies.py", tmp_path, kills, 7)
    assert len(runs) == kills
    for run in runs:
        assert run["intact"] == "ok"
        kept = ("lost", "undone_but_there", "broken_keys", "wrong_cards")
        assert [run[name] for name in kept] == [0, 0, 0, 0]
        assert run["unasked"] in (0, 1)
    assert sum(run["answers"] for run in runs) > kills  # it was studied between the kills


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_an_import_is_whole_or_not_there(tmp_path, kills):
    """Also the making of a collection, which brings its tables to the present version."""
    told = found("killed_imports.py", tmp_path, PACKAGE, kills, 7)
    before, after = told["before"], told["after"]
    assert before["reviews"] == after["reviews"] > 0
    assert after["notes"] > before["notes"] > 0
    imports = [run for run in told["runs"] if run["what"] == "import"]
    made = [run for run in told["runs"] if run["what"] == "make"]
    assert len(imports) + len(made) == kills
    for run in imports:
        assert run["sound"]
        assert run["reviews"] == before["reviews"]
        assert run["notes"] in (before["notes"], after["notes"])
    for run in made:
        assert (run["sound"], run["notes"]) == (True, 0)
    assert sum(run["stopped"] for run in told["runs"]) > kills / 4  # not all had ended before
