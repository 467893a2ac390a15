"""Commands that ask what is like what: ``similar:`` in a search, and a card's competitors."""

import json

import pytest

from recollect.collection import Card, Note, cards, notes, open_collection, stock

WORDS = {
    1: ("el perro", "dog"),
    2: ("la perra", "bitch"),
    3: ("el perro negro", "black dog"),
    4: ("pero", "but"),
    5: ("perro", "dog"),
    6: ("大学", "university"),
    7: ("1945", "the end of the war"),
    8: ("<script>perro</script>", "\x1b[31m red"),
}


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "c.db"
    with open_collection(path) as collection, collection.transaction("Fill") as t:
        basic = stock.stock_note_type(t, "basic")
        notes.add_notes(t, [Note(n, f"g{n}", basic.id, sides) for n, sides in WORDS.items()])
        cards.add_cards(t, [Card(n, n, 1, position=n, suspended=n == 3) for n in WORDS])
    return path


def rows(output):
    return [line.split() for line in output.splitlines()[2:]]


def test_similar_cards_in_order(run, place):
    result = run("cards", 'similar:"el perro"', "--sort", "similar", "--collection", place)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[-1] == "similar"
    found = rows(result.stdout)
    assert found[0][0] == "1"
    assert found[0][-2:] == ["100", "%"]
    assert {row[0] for row in found} >= {"1", "3", "5"}
    assert "6" not in {row[0] for row in found}
    alike = [int(row[-2]) for row in found]
    assert alike == sorted(alike, reverse=True)


def test_similar_cards_among_others(run, place):
    result = run("cards", "similar:perro", "-is:suspended", "--collection", place, "--json")
    document = json.loads(result.stdout)
    alike = {card["id"]: card["similarity"] for card in document["cards"]}
    assert 3 not in alike
    assert alike[5] == pytest.approx(1)
    either = run(
        "cards", "similar:perro or 大", "--sort", "similar", "--collection", place, "--json"
    )
    found = json.loads(either.stdout)["cards"]
    assert (found[-1]["id"], found[-1]["similarity"]) == (6, None)
    table = run("cards", "similar:perro or 大", "--sort", "similar", "--collection", place)
    assert rows(table.stdout)[-1][-1] == "–"


def test_similar_to_a_card_by_its_number(run, place):
    result = run("cards", "similar:5", "--collection", place, "--json")
    found = {card["id"] for card in json.loads(result.stdout)["cards"]}
    assert 5 not in found
    assert 1 in found
    year = run("cards", "similar:1945", "--collection", place, "--json")
    assert [card["id"] for card in json.loads(year.stdout)["cards"]] == [7]


def test_keys_are_made_once(run, place, monkeypatch, tmp_path):
    monkeypatch.setenv("RECOLLECT_CACHE", str(tmp_path / "cache"))
    first = run("cards", "similar:perro", "--collection", place)
    (kept,) = (tmp_path / "cache" / "keys").iterdir()
    made = kept.stat().st_mtime_ns
    again = run("cards", "similar:perro", "--collection", place)
    assert first.stdout == again.stdout
    assert kept.stat().st_mtime_ns == made


def test_the_encoder_can_be_chosen(run, place, monkeypatch):
    def found(*options):
        result = run("cards", "similar:filipp", "--collection", place, "--json", *options)
        assert result.exit_code == 0, result.stderr
        return {card["id"]: card["similarity"] for card in json.loads(result.stdout)["cards"]}

    with open_collection(place) as collection, collection.transaction("Add") as t:
        basic = stock.stock_note_type(t, "basic")
        notes.add_notes(t, [Note(20, "g20", basic.id, ("Philip", "a king"))])
        cards.add_cards(t, [Card(20, 20, 1)])
    assert found("--encoder", "sounds")[20] == 1
    assert found("--encoder", "letters")[20] < 0.9
    monkeypatch.setenv("RECOLLECT_ENCODER", "sounds")
    assert found()[20] == 1
    wrong = run("cards", "similar:x", "--collection", place, "--encoder", "nothing")
    assert wrong.exit_code == 1
    assert wrong.stderr.startswith("error: no encoder named 'nothing'; there are: ngrams")


def test_orders_that_need_something_similar(run, place, tmp_path):
    result = run("cards", "dog", "--sort", "similar", "--collection", tmp_path / "none.db")
    assert result.exit_code == 2
    assert "--sort similar needs similar: in the query" in result.stderr
    empty = run("cards", "similar:", "--collection", tmp_path / "none.db")
    assert empty.exit_code == 1
    assert "similar: what is to be found?" in empty.stderr


def test_a_card_shows_its_closest_competitors(run, place):
    lines = run("card", 5, "--collection", place).stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Its closest competitors"))
    assert lines[at + 1].split() == ["card", "similar", "prompt", "answer"]
    shown = [line.split() for line in lines[at + 3 :]]
    numbers = [row[0] for row in shown]
    assert "3" in numbers
    assert "1" not in numbers  # the same answer: no competitor
    assert "\x1b" not in "\n".join(lines)


def test_competitors_as_json(run, place):
    document = json.loads(run("card", 5, "--json", "--collection", place).stdout)
    found = {one["id"]: one for one in document["competitors"]}
    assert found[3]["prompt"] == "el perro negro"
    assert found[3]["answer"] == "black dog"
    assert 0.3 <= found[3]["similarity"] <= 1
    few = run("card", 5, "--json", "--competitors", 1, "--collection", place)
    assert len(json.loads(few.stdout)["competitors"]) == 1


def test_without_competitors_no_keys_are_made(run, place, monkeypatch, tmp_path):
    monkeypatch.setenv("RECOLLECT_CACHE", str(tmp_path / "cache"))
    result = run("card", 5, "--competitors", 0, "--collection", place)
    assert result.exit_code == 0
    assert "competitors" not in result.stdout
    assert not (tmp_path / "cache").exists()
    alone = run("card", 6, "--collection", place)
    assert alone.stdout.endswith("another answer\nNone.\n")
