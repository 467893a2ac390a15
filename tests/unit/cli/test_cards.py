"""Finding cards and looking at one."""

import json
from dataclasses import replace

import pytest

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
    reviews,
)
from recollect.collection.rows import Deck

MADE_MS = 1_700_000_000_000


@pytest.fixture
def place(tmp_path):
    """A collection of four cards."""
    path = tmp_path / "c.db"
    with open_collection(path, clock=lambda: MADE_MS) as collection:
        with collection.transaction("Fill") as t:
            basic = note_types.add_note_type(
                t,
                NoteType(
                    0,
                    "Basic",
                    "normal",
                    (Field("Front"), Field("Back")),
                    (
                        Template("There", "{{#Front}}{{Front}}{{/Front}}", "{{Back}}"),
                        Template("Back", "<b>{{Back}}</b>?", "{{Front}}"),
                    ),
                ),
            )
            cloze = note_types.add_note_type(
                t,
                NoteType(
                    0, "Cloze", "cloze", (Field("Text"),), (Template("C", "{{cloze:Text}}", ""),)
                ),
            )
            spanish = decks.make_deck(t, "Spanish").id
            cram = decks.add_deck(t, Deck(0, "Cram", preset_id=None, is_filtered=True)).id
            notes.add_notes(
                t, [Note(1, "a", basic.id, ("el <i>perro</i>", "the dog"), ("animal",))]
            )
            text = "{{c1::Madrid}} is in {{c2::Spain::country}}"
            notes.add_notes(t, [Note(2, "b", cloze.id, (text,))])
            cards.add_cards(
                t,
                [
                    Card(
                        11, 1, spanish, phase="review", due_day=20_000, interval_days=1_000, flag=2
                    ),
                    Card(12, 1, spanish, ordinal=1, position=7, suspended=True),
                    Card(21, 2, cram, spanish, phase="learning", due_at_ms=MADE_MS, step=0),
                    Card(22, 2, 1, ordinal=1, buried_until_day=99_999),
                ],
            )
            answer = ReviewEntry(
                MADE_MS, 11, MADE_MS, 3, "review", 4200, "el pero", -600, 10, 0, 0.87
            )
            reviews.append_review(t, answer)
        with collection.transaction("Edit") as t:
            note = notes.get_note(t, 1)
            notes.update_notes(t, [replace(note, fields=("el perro", "the dog"))])
    return path


def rows(output):
    return [line.split() for line in output.splitlines()[2:]]


def test_cards_are_listed_by_date_then_by_place(run, place):
    result = run("cards", "--collection", place)
    assert result.exit_code == 0
    title = result.stdout.splitlines()[0].split()
    assert title == ["card", "front", "deck", "phase", "due", "interval"]
    assert [" ".join(row) for row in rows(result.stdout)] == [
        "21 [...] is in Spain Spanish learning 2023-11-14 22:13 –",
        "11 el perro Spanish review 2024-10-04 1,000 d",
        "22 Madrid is in [country] Default new, buried – –",
        "12 the dog? Spanish new, suspended #7 –",
    ]


def test_a_query_in_one_piece_or_several_finds_the_same(run, place):
    whole = run("cards", "deck:spanish dog -is:suspended", "--collection", place)
    parts = run("cards", "--collection", place, "deck:spanish", "dog", "-is:suspended")
    behind = run("cards", "--collection", place, "--", "deck:spanish", "dog", "-is:suspended")
    assert whole.stdout == parts.stdout == behind.stdout
    assert [row[0] for row in rows(whole.stdout)] == ["11"]


def test_orders_and_limits(run, place):
    result = run("--collection", place, "cards", "--sort", "added", "--reverse", "--limit", 2)
    assert [row[0] for row in rows(result.stdout)] == ["22", "21"]
    assert result.stderr == "2 of 4 cards are shown; --limit 0 shows all\n"
    assert len(rows(run("cards", "--collection", place, "--limit", 0).stdout)) == 4
    assert run("cards", "--collection", place, "--sort", "colour").exit_code == 2


def test_nothing_found_is_no_failure(run, place):
    result = run("cards", "zebra", "--collection", place)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No card is found.\n")


def test_cards_as_json(run, place):
    document = json.loads(run("cards", "flag:2", "--json", "--collection", place).stdout)
    assert (document["command"], document["query"], document["found"]) == ("cards", "flag:2", 1)
    assert document["cards"] == [
        {
            "id": 11,
            "note": 1,
            "front": "el perro",
            "deck": "Spanish",
            "phase": "review",
            "due": "2024-10-04",
            "due_at": None,
            "position": None,
            "interval_days": 1000,
            "suspended": False,
            "flag": 2,
        }
    ]


def test_a_wrong_query_is_pointed_at_before_anything_is_opened(run, tmp_path):
    result = run("cards", "dog is:dew", "--collection", tmp_path / "none.db")
    assert result.exit_code == 1
    first, *pointed = result.stderr.splitlines()
    assert first.startswith("error: expected a state: new")
    assert pointed == ["  dog is:dew", "         ^^^"]


def test_without_a_collection_nothing_is_made(run, tmp_path):
    for command in (["cards"], ["card", "1"]):
        result = run(*command, "--collection", tmp_path / "none.db")
        assert result.exit_code == 1
        assert "there is no collection" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_card(run, place):
    result = run("card", 11, "--collection", place)
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == "Card 11: el perro"
    for line in (
        "Front el perro",
        "Back the dog",
        "note type Basic, There",
        "deck Spanish",
        "tags animal",
        "due 2024-10-04",
        "interval 1,000 d",
        "flag 2",
        "2023-11-14 22:13 review Good 4.2 s 10 min 10 d 87 % el pero",
        "1 2023-11-14 22:13 el perro | the dog",
        "2 2023-11-14 22:13 present el perro | the dog",
    ):
        assert line in lines


def test_a_card_that_is_lent_and_has_no_reviews(run, place):
    lines = run("card", 21, "--collection", place).stdout.splitlines()
    assert "lent to    Cram" in lines
    assert "deck       Spanish" in lines
    assert "None yet." in lines


def test_a_card_as_json(run, place):
    document = json.loads(run("card", 11, "--json", "--collection", place).stdout)
    assert document["card"]["due"] == "2024-10-04"
    assert document["note"]["fields"] == {"Front": "el perro", "Back": "the dog"}
    assert document["reviews"][0]["typed"] == "el pero"
    assert document["reviews"][0]["predicted_recall"] == 0.87
    assert [version["fields"][0] for version in document["versions"]] == [
        "el <i>perro</i>",
        "el perro",
    ]


def test_a_card_that_is_not_there(run, place):
    result = run("card", 5, "--collection", place)
    assert (result.exit_code, result.stderr) == (1, "error: no card named 5\n")
