"""What Anki reads from our packages is what it reads from its own: the proof of the round trip.

Anki is not installed with Recollect. Make an environment for it, and name its interpreter::

    python -m venv /tmp/anki && /tmp/anki/bin/pip install anki
    RECOLLECT_ANKI_PYTHON=/tmp/anki/bin/python pytest tests/oracles/test_anki_round_trip.py
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from recollect.anki import export_csv, export_package, import_package
from recollect.collection import open_collection
from recollect.reviews import DayBoundary

SIDE = Path(__file__).with_name("anki_side.py")
PACKAGES = Path(__file__).parents[1] / "data" / "anki"
OURS = ("latest.apkg", "latest.colpkg", "legacy.apkg", "legacy.colpkg", "nosched.apkg")
RICH = ("rich-latest.apkg", "rich-latest.colpkg", "rich-legacy.apkg", "rich-legacy.colpkg")
# What Anki makes anew whenever it reads: none of it is the learner's.
MADE_ANEW = {"id", "did", "usn", "mod"}


def anki(task: str, place: Path) -> Any:
    interpreter = os.environ.get("RECOLLECT_ANKI_PYTHON")
    if not interpreter:
        pytest.skip("RECOLLECT_ANKI_PYTHON names no interpreter that has the anki package")
    done = subprocess.run(
        [interpreter, str(SIDE), task, str(place)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "TZ": "UTC", "PYTHONPATH": ""},
    )
    return json.loads(done.stdout) if task == "dump" else None


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages of a collection that Anki has studied: cards in every state."""
    folder = tmp_path_factory.mktemp("rich")
    anki("make", folder)
    return folder


def through_us(package: Path, folder: Path, latest: bool) -> Path:
    out = folder / "out.apkg"
    with open_collection(folder / "c.db", day_boundary=DayBoundary("UTC", 4)) as collection:
        summary = import_package(collection, package)
        assert not summary.skipped
        export_package(collection, out, with_history=True, latest=latest)
    return out


def without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {k: without(v, names) for k, v in value.items() if k not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def by_name(note_types: list[dict[str, Any]]) -> list[Any]:
    return without(sorted(note_types, key=lambda item: item["name"]), MADE_ANEW)


def check_round_trip(package: Path, folder: Path, latest: bool) -> dict[str, Any]:
    theirs = anki("dump", package)
    again = anki("dump", through_us(package, folder, latest))
    assert again["notes"] == theirs["notes"]
    assert again["cards"] == theirs["cards"]
    assert again["reviews"] == theirs["reviews"]
    assert again["media"] == theirs["media"]
    by_name = [
        sorted(side["note_types"], key=lambda item: item["name"]) for side in (again, theirs)
    ]
    assert without(by_name[0], MADE_ANEW) == without(by_name[1], MADE_ANEW)
    assert again["decks"] == theirs["decks"]
    return theirs


@pytest.mark.parametrize("latest", [False, True], ids=["schema-11", "schema-18"])
@pytest.mark.parametrize("name", OURS)
def test_the_packages_in_the_repository(name: str, latest: bool, tmp_path: Path) -> None:
    theirs = check_round_trip(PACKAGES / name, tmp_path, latest)
    assert (len(theirs["notes"]), len(theirs["cards"])) == (3, 5)
    assert len(theirs["reviews"]) == (0 if name == "nosched.apkg" else 8)


@pytest.mark.parametrize("latest", [False, True], ids=["schema-11", "schema-18"])
@pytest.mark.parametrize("name", RICH)
def test_a_collection_with_everything_in_it(
    name: str, latest: bool, rich: Path, tmp_path: Path
) -> None:
    theirs = check_round_trip(rich / name, tmp_path, latest)
    cards = theirs["cards"]
    assert {card["queue"] for card in cards} >= {-3, -1, 0, 1, 2, 3}
    assert {card["type"] for card in cards} == {0, 1, 2, 3}
    assert {card["flags"] for card in cards} == {0, 3}
    assert len(theirs["media"]) == 2


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_anki_reads_our_text_files(ending: str, tmp_path: Path) -> None:
    out = tmp_path / f"out.{ending}"
    with open_collection(tmp_path / "c.db") as collection:
        import_package(collection, PACKAGES / "latest.apkg")
        export_csv(collection, out)
    theirs, again = anki("dump", PACKAGES / "latest.apkg"), anki("dump", out)
    made_anew = {"id", "mod"}
    assert without(again["notes"], made_anew) == without(theirs["notes"], made_anew)
    assert {card["did"] for card in again["cards"]} == {"Lang::Kanji"}
