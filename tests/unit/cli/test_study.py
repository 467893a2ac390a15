"""``study``, ``due``, ``decks`` and ``stats``, with input that is no terminal."""

import json

import pytest
from click.testing import CliRunner

from recollect.cli import main
from recollect.collection import (
    Card,
    Field,
    Note,
    NoteType,
    ReviewEntry,
    Template,
    cards,
    decks,
    note_types,
    notes,
    open_collection,
)
from recollect.collection.reviews import append_reviews, reviews_of_cards

DAY = 86_400_000
NOW = 1_790_000_000_000


@pytest.fixture
def place(tmp_path):
    """A collection with three new cards in a deck within a deck, and one in review."""
    path = tmp_path / "words.db"
    with open_collection(path) as collection, collection.transaction("Fill") as transaction:
        template = Template("Card 1", "{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}")
        kind = note_types.add_note_type(
            transaction,
            NoteType(0, "Basic", "normal", (Field("Front"), Field("Back")), (template,)),
        )
        deck = decks.make_deck(transaction, "Spanish::Numbers")
        for number, fields in enumerate([("uno", "one"), ("dos", "two"), ("tres", "three")], 1):
            notes.add_notes(transaction, [Note(number, f"guid {number}", kind.id, fields)])
            cards.add_cards(transaction, [Card(number, number, deck.id, position=number)])
    return path


@pytest.fixture
def study(run, place):
    """``study("\\n", "3", ...)``: the result of studying with these lines as input."""

    def start(*lines, options=()):
        given = "".join(line if line == "\n" else f"{line}\n" for line in lines)
        arguments = ["study", "--collection", str(place), *options]
        return CliRunner().invoke(main, arguments, input=given)

    assert run is not None
    return start


def entries(place, *numbers):
    with open_collection(place) as collection, collection.reading() as transaction:
        return reviews_of_cards(transaction, numbers)


def test_studying_by_lines(study, place):
    result = study("\n", "3", "\n", "u", "\n", "4", "i", "q")
    assert result.exit_code == 0, result.output
    assert "Taken back: Answer card" in result.stdout
    assert "First met; next in" in result.stdout
    assert "it is new: nobody has answered it yet" in result.stdout
    assert "1 answer, 100 % right, 1 new" in result.stdout
    assert "All is saved" in result.stdout
    (entry,) = entries(place, 1, 2, 3)
    assert (entry.card_id, entry.rating, entry.reason["by"]) == (1, 4, "recollect")


def test_the_end_of_input_ends_studying_and_a_limit_does(study, place):
    assert study().exit_code == 0
    result = study("\n", "4", "\n", "4", "\n", "4", options=["--limit", "2"])
    assert result.exit_code == 0
    assert "2 answers" in result.stdout
    assert len(entries(place, 1, 2, 3)) == 2


def test_typed_answers_are_compared(study, place):
    result = study("One", "1", "two", "4", "q", options=["--typed", "--deck", "spanish"])
    assert result.exit_code == 0, result.output
    assert "  typed:    One" in result.stdout
    assert "  expected: one" in result.stdout
    assert "Right." in result.stdout
    assert [entry.typed for entry in entries(place, 1, 2)] == ["One", "two"]
    result = study("THREE", "4", options=["--typed", "--fold-case"])
    assert "Right." in result.stdout


def test_grades_before_the_answer_is_shown_do_not_count(study, place):
    result = study("3", "q")
    assert "Space shows the answer" in result.stdout
    assert entries(place, 1, 2, 3) == []


def test_a_deck_that_is_not_there(study):
    result = study(options=["--deck", "Spansh"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no deck named 'Spansh'; there are: Default, Spanish, Spanish::Numbers" in result.stderr


def test_parameters_that_are_not_there(study, tmp_path):
    result = study("q", options=["--params", str(tmp_path / "none.json")])
    assert result.exit_code == 1
    assert "recollect fit" in result.stderr


@pytest.mark.parametrize("command", ["study", "due", "decks", "stats"])
def test_no_collection_is_one_line_and_none_is_made(run, tmp_path, command):
    path = tmp_path / "none.db"
    result = run(command, "--collection", path)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "there is no collection" in result.stderr
    assert not path.exists()


def test_the_collection_may_be_named_before_the_command_or_in_the_environment(
    run, place, monkeypatch
):
    named = run("--collection", place, "decks").stdout
    assert "Numbers" in named
    monkeypatch.setenv("RECOLLECT_COLLECTION", str(place))
    assert run("decks").stdout == named


def test_decks(run, place):
    document = json.loads(run("decks", "--collection", place, "--json").stdout)
    found = {one["name"]: (one["new"], one["cards"]) for one in document["decks"]}
    assert found == {"Default": (0, 0), "Spanish": (3, 3), "Spanish::Numbers": (3, 3)}


def reviewed(place, count=40):
    """Reviews with predictions that come true three times in four."""
    made = [
        ReviewEntry(
            NOW + at * DAY // 2,
            1 + at % 2,
            NOW + at * DAY // 2,
            1 if at % 4 == 3 else 3,
            "learning" if at < 2 else "review",
            4_000,
            interval_before=at if at > 1 else 0,
            interval_after=3,
            predicted_recall=None if at < 2 else 0.75,
        )
        for at in range(count)
    ]
    with open_collection(place) as collection, collection.transaction("R") as transaction:
        append_reviews(transaction, made)
        due = cards.get_card(transaction, 1)
        from dataclasses import replace

        moved = replace(due, phase="review", due_day=1, interval_days=3)
        cards.update_cards(transaction, [moved])


def test_due(run, place):
    reviewed(place)
    document = json.loads(run("due", "--days", "3", "--collection", place, "--json").stdout)
    assert [day["reviews"] for day in document["days"]] == [1, 0, 0]
    assert document["overdue"] == 1
    text = run("due", "--days", "3", "--collection", place).stdout
    assert "1 in 3 days; of today's, 1 were due earlier" in text
    assert run("due", "--deck", "Default", "--collection", place, "--json").exit_code == 0


def test_stats(run, place):
    assert "No answers yet." in run("stats", "--collection", place).stdout
    reviewed(place)
    document = json.loads(run("stats", "--collection", place, "--json").stdout)
    assert sum(day["answers"] for day in document["days"]) == 40
    assert sum(day["new"] for day in document["days"]) == 2
    (calibration,) = document["calibration"]
    assert (calibration["reviews"], calibration["expected"]) == (38, 0.75)
    assert calibration["recalled"] == pytest.approx(28 / 38)
    assert sum(one["reviews"] for one in document["retention"]) == 38
    by_interval = {one["low"]: one for one in document["retention"]}
    assert by_interval[2]["reviews"] == 2
    assert by_interval[2]["recalled"] == 0.5
    text = run("stats", "--collection", place).stdout
    for title in ("By day", "Did predicted recall come true?", "Retention by interval"):
        assert title in text
    recent = json.loads(run("stats", "--days", "1", "--collection", place, "--json").stdout)
    assert recent["days"] == []


def test_pictures(run, place, tmp_path):
    pytest.importorskip("matplotlib")
    reviewed(place)
    result = run("stats", "--plots", tmp_path / "pictures", "--collection", place)
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert names == {"calibration.png", "days.png", "forecast.png", "retention.png"}
    assert all(path.stat().st_size > 5_000 for path in (tmp_path / "pictures").iterdir())
