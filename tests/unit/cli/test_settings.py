"""``recollect settings``."""

import json
import time

import pytest
import tzlocal


@pytest.fixture
def settings(run, tmp_path, monkeypatch):
    """``settings("new_per_day=3")`` on a collection with decks A, A::B, C made in Berlin."""
    monkeypatch.setenv("RECOLLECT_COLLECTION", str(tmp_path / "words.db"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    tzlocal.reload_localzone()
    for deck in ("A::B", "C"):
        (tmp_path / "a.csv").write_text(f"{deck},one\n")
        assert run("import", "a.csv", "--deck", deck).exit_code == 0
    yield lambda *arguments: run("settings", *arguments)
    monkeypatch.undo()
    time.tzset()
    tzlocal.reload_localzone()


def presets(result):
    assert result.exit_code == 0, result.stderr
    return {preset["name"]: preset for preset in json.loads(result.stdout)["presets"]}


def test_a_new_collection_has_the_learners_time_zone(settings):
    found = json.loads(settings("--json").stdout)
    assert (found["time_zone"], found["rollover_hour"]) == ("Europe/Berlin", 4)
    assert found["presets"][0]["desired_retention"] == 0.9
    shown = settings("time_zone=Asia/Tokyo", "rollover_hour=2", "fuzz=no").stdout
    assert "Asia/Tokyo" in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("fuzz")] == [
        ["fuzz", "no"]
    ]


def test_a_deck_gets_its_own_settings_and_gives_them_back(settings, run):
    own = presets(
        settings("--deck", "A", "new_per_day=3", "learning_steps_minutes=1,5.5", "--json")
    )
    assert own["A"]["new_per_day"] == 3
    assert own["A"]["learning_steps_minutes"] == [1.0, 5.5]
    assert own["A"]["decks"] == ["A", "A::B"]
    every = presets(settings("--json"))
    assert every["Default"]["new_per_day"] == 20
    assert "C" in every["Default"]["decks"]
    again = presets(settings("--deck", "A", "new_per_day=4", "--json"))
    assert set(again) == {"A"}
    part = presets(settings("--deck", "A::B", "new_per_day=5", "--json"))
    assert part["A::B"]["decks"] == ["A::B"]
    back = presets(settings("--deck", "A::B", "preset=A", "--json"))
    assert back["A"]["decks"] == ["A", "A::B"]
    assert run("undo").stdout == "Taken back: Change settings\n"
    assert presets(settings("--deck", "A::B", "--json"))["A::B"]["new_per_day"] == 5


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["new_per_day"], 2, "NAME=VALUE"),
        (["new=3"], 2, "desired_retention"),
        (["new_per_day=some"], 2, "a whole number"),
        (["fuzz=perhaps"], 2, "yes or no"),
        (["fuzz=no", "fuzz=yes"], 2, "twice"),
        (["learning_steps_minutes=1m"], 2, "minutes such as"),
        (["desired_retention=9"], 1, "between 0.5 and 0.999"),
        (["time_zone=Berlin"], 1, "Europe/Berlin"),
        (["rollover_hour=24"], 1, "between 0 and 23"),
        (["--deck", "A", "time_zone=UTC"], 2, "no setting of a deck"),
        (["--deck", "A", "preset=A", "fuzz=no"], 2, "as a whole"),
        (["--deck", "A", "preset=Defalt"], 1, "Default"),
        (["--deck", "D", "fuzz=no"], 1, "deck"),
    ],
)
def test_what_cannot_be_set(settings, arguments, code, said):
    before = settings("--json").stdout
    result = settings(*arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert settings("--json").stdout == before
