"""What Anki itself finds in a package; run in an interpreter that has the ``anki`` package.

    python anki_search_side.py make FOLDER     write words.colpkg: texts that are hard to search
    python anki_search_side.py find PACKAGE    queries as a JSON list on stdin; for each the cards
                                               as [guid, ordinal], or null where Anki refuses it

Not imported by any test: Anki is installed apart from Recollect, and its code stays there.
"""

import json
import sys
import tempfile
from pathlib import Path

from anki.collection import Collection
from anki.errors import AnkiException
from anki_side import imported

TEXTS = (
    *("dog", "a dog", "doggy", "underdog", "Über", "uber", "some(text)", "w:e:b", "e:b", "and"),
    *("or", "AND", "x-y", "-neg", "star*", "under_score", "back\\slash", 'say "hi"', "は", "ば"),
    *("a<br>dog", "dot.dot", "c++ lang", "Straße", "strasse", "50% off", "d g", "lazy d\ng", ""),
    *(
        "{{c1::Paris}} city",
        "a12",
        "a1b",
        "line of 日本語 text",
        "été",
        "ete",
        "dig",
        "drug",
        "DOG",
    ),
)
DECKS = ("Default", "French::Vocab", "french vocab", "Fr_ench", "French")
TAGS = ("Animal::Mammal", "animals", "animal", "überTag", "a_b", "axb", "leech")


def make(folder: Path) -> None:
    collection = Collection(str(folder / "collection.anki2"))
    models = ["Basic", "Basic (and reversed card)", "Basic (optional reversed card)"]
    decks = [collection.decks.id(name) for name in DECKS]
    for at, text in enumerate(TEXTS):
        note = collection.new_note(collection.models.by_name(models[at % 3]))
        note.fields[0] = text or "(empty)"
        note.fields[1] = "" if at % 4 == 0 else f"back {at} cat" if at % 3 else text
        note.tags = [TAGS[(at + step) % len(TAGS)] for step in range(at % 3)]
        collection.add_note(note, decks[at % len(decks)])
    cloze = collection.new_note(collection.models.by_name("Cloze"))
    cloze.fields[0] = "{{c1::one}} {{c3::three}} cat"
    collection.add_note(cloze, decks[1])
    ids = list(collection.find_cards(""))
    today = collection.sched.today
    columns = "type = ?, queue = ?, due = ?, ivl = ?, factor = ?, reps = ?, lapses = ?"
    states = (
        (2, 2, today, 10, 2500, 4, 0),
        (2, 2, today - 3, 12, 2300, 9, 2),
        (2, 2, today + 1, 10, 2500, 3, 1),
        (2, -1, today, 30, 2500, 5, 5),
        (2, -3, today, 31, 2500, 2, 0),
        (2, -2, today, 31, 1300, 2, 0),
        (0, -1, 77, 0, 0, 0, 0),
        (1, 3, today, 0, 0, 1, 0),
        (1, 3, today + 1, 0, 0, 1, 0),
        (3, 3, today - 1, 4, 2100, 8, 3),
        (2, 2, today + 40, 100, 2650, 12, 1),
    )
    for card, state in zip(ids[::3], states, strict=False):
        collection.db.execute(f"UPDATE cards SET {columns} WHERE id = ?", *state, card)
    begins_ms = (collection.sched.day_cutoff - 86_400) * 1000
    log = ((0, 3, 1), (1, 1, 1), (2, 1, 0), (9, 4, 1), (0, 0, 4), (3, 0, 5), (0, 2, 3), (29, 2, 2))
    for at, (days, ease, kind) in enumerate(log):
        for step, card in enumerate(ids[at : at + 6 : 2]):
            moment = begins_ms - days * 86_400_000 + 3_600_000 + at * 50 + step
            row = (moment, card, 0, ease, 5, 1, 2500 if kind != 3 else 0, 1000, kind)
            collection.db.execute(f"INSERT INTO revlog VALUES ({','.join('?' * 9)})", *row)
    for count, kinds in (("reps", "ease > 0"), ("lapses", "ease = 1 AND type = 1")):
        logged = f"(SELECT count() FROM revlog WHERE cid = cards.id AND {kinds})"
        collection.db.execute(f"UPDATE cards SET {count} = max({count}, {logged})")
    collection.set_user_flag_for_cards(3, ids[4:9])
    collection.export_collection_package(str(folder / "words.colpkg"), True, False)


def find(package: Path, queries: list[str]) -> list:
    with tempfile.TemporaryDirectory() as folder:
        collection = imported(package, Path(folder))
        rows = collection.db.all(
            "SELECT c.id, n.guid, c.ord FROM cards c, notes n WHERE n.id = c.nid"
        )
        cards = {row[0]: row[1:] for row in rows}
        found = []
        for query in queries:
            try:
                found.append(sorted(cards[number] for number in collection.find_cards(query)))
            except AnkiException:
                found.append(None)
        collection.close()
    return found


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        json.dump(find(Path(sys.argv[2]), json.load(sys.stdin)), sys.stdout)
