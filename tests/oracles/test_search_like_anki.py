"""Queries find the same cards here as in Anki; where they do not, on purpose, it is listed.

See ``test_anki_round_trip.py`` for how to make an environment with Anki.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from recollect.anki import import_package
from recollect.collection import cards, notes, open_collection
from recollect.collection.search import find_cards, refresh
from recollect.errors import SearchError
from recollect.reviews import DayBoundary

HERE = Path(__file__).parent
PACKAGES = HERE.parent / "data" / "anki"
OURS = ("latest.apkg", "latest.colpkg", "legacy.apkg", "legacy.colpkg", "nosched.apkg")

SAME = """
dog|cat|dog cat|dog or cat|dog OR uber|-dog|-(dog or cat)|dog (cat or back)|d_g
d*g back|DOG|uber|nc:uber|nc:ÜBER|nc:は|は|w:dog|w:dog*|w:*dog|w:cat|x-y|\\-neg
"-neg"|--neg|star\\*|under\\_score|under_score|back\\\\slash|\\"hi\\"|w\\:e\\:b|w:e:b|e\\:b|"and"
"or"|some\\(text\\)|"some(text)"|50%|d g|日本語|*|_|zebra|dog"cat"|(dog)(cat)
front:dog|Front:DOG|front:*dog|front:dog*|front:*dog*|front:d_g|back:|back:_*|back:*|fr*:dog
front:nc:uber|front:re:^a1|front:re:^[a-c]1|re:d.g|re:(?-i)DOG
"re:(dog|drug)"|re:\\d{2}|re:c[13]::|front:\\*|front:star\\*
tag:animal|tag:ANIMAL|tag:anim*|tag:none|-tag:none|tag:*mammal|tag:animal::mammal|tag:mammal|tag:a_b
tag:a\\_b|tag:re:^animal|tag:re:mammal|tag:nc:ubertag|tag:ÜBERtag|tag:leech|tag:*
deck:french|deck:FRENCH|deck:french::*|deck:french -deck:french::*|deck:french::vocab|deck:*vocab
"deck:french vocab"|deck:fr_ench|deck:fr\\_ench|deck:*|deck:none|deck:default
note:basic|note:Basic*|note:cloze|note:none|card:1|card:2|card:3|"card:card 1"|card:card*
is:new|is:learn|is:review|is:due|is:suspended|is:buried|is:learn is:review|-is:learn is:review
flag:0|flag:3|flag:7|prop:ivl>=10|prop:ivl=10|prop:ivl!=10|prop:ivl<31|prop:due=0|prop:due=1
prop:due<=0|prop:due>1|prop:due!=0|prop:due=-3|prop:reps>3|prop:reps=0|prop:lapses>=1|prop:lapses<2
prop:ease=2.5|prop:ease<2.5|prop:ease!=2.5|prop:pos<5|prop:pos>=70|prop:rated=0|prop:rated=-1
prop:rated>-3|prop:rated<0|prop:rated!=0|prop:rated=-2:1|prop:resched=0|prop:resched>-10
added:1|added:400|edited:1|edited:400|rated:1|rated:0|rated:2|rated:3:1|rated:30|rated:30:4
introduced:1|introduced:2|introduced:10|introduced:40|resched:1|resched:10
is:due or dog -tag:none|(is:new or flag:3) -deck:french|dog or cat note:basic
"""
QUERIES = [
    query for line in SAME.strip().splitlines() for query in line.split("|") if "(dog" not in query
]
QUERIES += ['"re:(dog|drug)"', "-(dog or cat)", "dog (cat or back)", "(dog)(cat)"]

RENAMED = ("note:basic", "note:cloze", "dog or cat note:basic")

REFUSED = [
    "(dog",
    "dog)",
    "()",
    "or dog",
    "dog or",
    '"dog',
    "a\\b",
    "is:dew",
    "prop:ivl",
    "prop:x=1",
]
REFUSED += [
    "prop:ivl=1.5",
    "prop:ivl=-1",
    "added:x",
    "rated:1:5",
    "flag:8",
    "nid:x",
    ":x",
    '""',
    "re:[",
]

# On purpose: what finds other cards here than in Anki, with a text that only we find or only they.
OURS_ALONE = {
    '"a dog"': "a<br>dog",  # a line break is a space
    'front:"a dog"': "a<br>dog",
    "über": "Über",  # case is of no account in any alphabet
    "w:d_g": "lazy d\ng",
    "re:^a12$": "a12",  # of each field, not of all with something between them
    "card:cloze": "{{c1::one}} {{c3::three}} cat",  # not the first cloze alone
}
THEIRS_ALONE = {"br": "a<br>dog", '"a dog*1 cat"': "a dog"}  # names of tags; from field to field


def asked_of_anki(task: str, place: Path, queries: list[str] | None = None) -> Any:
    interpreter = os.environ.get("RECOLLECT_ANKI_PYTHON")
    if not interpreter:
        pytest.skip("RECOLLECT_ANKI_PYTHON names no interpreter that has the anki package")
    done = subprocess.run(
        [interpreter, str(HERE / "anki_search_side.py"), task, str(place)],
        input=json.dumps(queries),
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "TZ": "UTC", "PYTHONPATH": ""},
    )
    return json.loads(done.stdout) if task == "find" else None


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of Anki with texts that are hard to search, and cards in many states."""
    folder = tmp_path_factory.mktemp("words")
    asked_of_anki("make", folder)
    return folder / "words.colpkg"


def found_here(package: Path, folder: Path, queries: list[str]) -> list[Any]:
    found: list[Any] = []
    with open_collection(folder / "c.db", day_boundary=DayBoundary("UTC", 4)) as collection:
        import_package(collection, package)
        refresh(collection, few=0)
        with collection.reading() as transaction:
            guids = {note.id: note.guid for note in notes.iterate_notes(transaction)}
            every = {c.id: [guids[c.note_id], c.ordinal] for c in cards.iterate_cards(transaction)}
            for query in queries:
                try:
                    found.append(sorted(every[n] for n in find_cards(transaction, query)))
                except SearchError:
                    found.append(None)
    return found


def check_same(package: Path, folder: Path) -> list[Any]:
    queries = QUERIES
    if package.suffix == ".apkg":  # Anki puts a plus to names that its empty collection has
        queries = [query for query in queries if query not in RENAMED]
    theirs = asked_of_anki("find", package, queries)
    ours = found_here(package, folder, queries)
    wrong = {q: (o, t) for q, o, t in zip(queries, ours, theirs, strict=True) if o != t}
    assert not wrong
    return ours


def test_hard_texts_and_many_states(words, tmp_path):
    found = check_same(words, tmp_path)
    assert len(QUERIES) > 150
    several = {json.dumps(cards) for cards in found}
    assert len(several) > 80


@pytest.mark.parametrize("name", OURS)
def test_packages_made_by_anki(name, tmp_path):
    found = check_same(PACKAGES / name, tmp_path)
    assert len({json.dumps(cards) for cards in found}) > 5


def test_differences_are_those_that_are_meant(words, tmp_path):
    queries = [*OURS_ALONE, *THEIRS_ALONE]
    theirs = asked_of_anki("find", words, queries)
    ours = found_here(words, tmp_path, queries)
    with open_collection(tmp_path / "c.db") as collection, collection.reading() as transaction:
        first = {note.guid: note.fields[0] for note in notes.iterate_notes(transaction)}
    for query, mine, other in zip(queries, ours, theirs, strict=True):
        more = [card for card in mine if card not in other]
        less = [card for card in other if card not in mine]
        assert {first[guid] for guid, _ in more} <= {OURS_ALONE.get(query)}, query
        assert {first[guid] for guid, _ in less} <= {THEIRS_ALONE.get(query)}, query
        assert more or less, query


def test_what_anki_refuses_is_refused(words, tmp_path):
    assert asked_of_anki("find", words, REFUSED) == [None] * len(REFUSED)
    assert found_here(words, tmp_path, REFUSED) == [None] * len(REFUSED)
