"""Small collections in which queries find something, and queries that may be asked."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from recollect.collection import (
    Card,
    Collection,
    Deck,
    Field,
    Note,
    NoteType,
    Preset,
    ReviewEntry,
    Template,
    cards,
    decks,
    note_types,
    notes,
    open_collection,
    presets,
    reviews,
)
from recollect.collection.search import Extensions, refresh
from recollect.reviews import DayBoundary

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
ZONE = DayBoundary("Europe/Berlin", 4)
WORDS = (
    *("dog", "cat", "Dog", "DOG", "doggy", "a", "über", "uber", "Über", "e\u0301t\u00e9", "ete"),
    *("は", "ば", "x_y", "50%", "c++", "Straße", "::", "ﬁne", "back\\slash", '"so"', "<b>do</b>g"),
    *("<div>cat</div>dog", "&amp;", "&lt;b&gt;", "a&nbsp;dog", "{{c1::dog}}", "[sound:cat.mp3]"),
    *("<img src='dog.png'>", "<style>.dog{}</style>", "<!--cat-->"),
)
TAGS = ("animal", "Animal::dog", "animal::cat", "über", "uber::x", "leech", "a_b")
DECKS = ("Lang", "Lang::Français", "lang two", "Sci*ence", "Sci*ence::Chemistry::Acids")
OUTCOMES = ("learning", "review", "relearning", "filtered", "manual", "rescheduled")


def _number(source: random.Random, *choices: int | None) -> int | None:
    return source.choice(choices)


def fill(collection: Collection, seed: int) -> None:
    """Forty notes of three types with their cards and a few hundred reviews."""
    source = random.Random(seed)
    today = NOW_MS // DAY_MS
    with collection.transaction(None) as t:
        basic = note_types.add_note_type(
            t,
            NoteType(
                11,
                "Basic (and reversed)",
                "normal",
                (Field("Front"), Field("Back")),
                (Template("Forward", "{{Front}}", "{{Back}}"), Template("Back", "{{Back}}", "")),
            ),
        )
        other = note_types.add_note_type(
            t,
            NoteType(
                12,
                "Vocabulary",
                "normal",
                (Field("Word"), Field("From"), Field("Back")),
                (Template("Card 1", "{{Word}}", "{{Back}}"),),
            ),
        )
        cloze = note_types.add_note_type(
            t,
            NoteType(13, "Cloze", "cloze", (Field("Text"),), (Template("Cloze", "{{Text}}", ""),)),
        )
        hard = presets.add_preset(t, Preset(0, "Hard one"))
        ids = [decks.make_deck(t, name).id for name in DECKS]
        decks.update_deck(t, replace(decks.get_deck(t, ids[0]), preset_id=hard.id))
        filtered = decks.add_deck(t, Deck(0, "Cram", preset_id=None, is_filtered=True)).id
        number = NOW_MS - 20 * DAY_MS
        for _ in range(40):
            number += source.choice((7_000, DAY_MS // 2, DAY_MS))
            kind = source.choice((basic, basic, other, cloze))
            fields = [_text(source) for _ in kind.fields]
            edited = min(number + source.choice((0, DAY_MS, 5 * DAY_MS)), NOW_MS)
            tags = tuple(source.sample(TAGS, source.choice((0, 0, 1, 2))))
            notes.add_notes(
                t, [Note(number, f"g{number}", kind.id, tuple(fields), tags, 1, edited)]
            )
            ordinals = range(2) if kind is basic else ([0, 2] if kind is cloze else [0])
            for ordinal in ordinals:
                at = number + ordinal
                home = source.choice(ids)
                lent = source.random() < 0.15
                card = _card(source, at, number, home, ordinal, today)
                if lent:
                    card = replace(card, deck_id=filtered, original_deck_id=home)
                cards.add_cards(t, [card])
                _log(t, source, at)
        reviews.append_reviews(
            t, [ReviewEntry(NOW_MS - 3 * DAY_MS, 999, NOW_MS - 3 * DAY_MS, 3, "review")]
        )


def _text(source: random.Random) -> str:
    return " ".join(source.choices(WORDS, k=source.choice((0, 1, 1, 2, 4))))


def _card(source: random.Random, at: int, note: int, deck: int, ordinal: int, today: int) -> Card:
    phase = source.choice(("new", "new", "learning", "review", "review", "relearning"))
    moment = NOW_MS + source.choice((-2 * DAY_MS, -60_000, 60_000, 1_300_000, DAY_MS))
    in_seconds = phase in ("learning", "relearning") and source.random() < 0.7
    carried = {"factor": source.choice((0, 2300, 2500))} if source.random() < 0.5 else {}
    if source.random() < 0.2:
        carried |= {"reps": 7, "lapses": 2}
    return Card(
        at,
        note,
        deck,
        ordinal=ordinal,
        phase=phase,
        due_at_ms=moment if in_seconds else None,
        due_day=None if phase == "new" or in_seconds else today + source.randrange(-3, 4),
        position=_number(source, None, 3, 5) if phase == "new" else None,
        interval_days=0 if phase in ("new", "learning") else source.choice((1, 10, 30)),
        step=0 if in_seconds else None,
        suspended=source.random() < 0.2,
        buried_until_day=_number(source, None, None, None, today, today + 1),
        flag=source.choice((0, 0, 0, 1, 3)),
        extra={"anki": carried} if carried else {},
    )


def _log(t: object, source: random.Random, card: int) -> None:
    moment = NOW_MS - source.randrange(15) * DAY_MS - source.randrange(DAY_MS)
    for _ in range(source.choice((0, 1, 3, 5))):
        kind = source.choice(OUTCOMES)
        rating = 0 if kind in ("manual", "rescheduled") else source.choice((1, 2, 3, 4))
        if moment >= NOW_MS:
            return
        entry = reviews.append_review(t, ReviewEntry(moment, card, moment, rating, kind))
        if source.random() < 0.15:
            reviews.void_reviews(t, [entry.id])
        moment += source.randrange(1, 5 * DAY_MS)


def _odd_cards(transaction: object, text: str) -> list[int]:
    found = [card.id for card in cards.iterate_cards(transaction)]
    return [number for at, number in enumerate(sorted(found)) if at % 2 == len(text) % 2]


def _recall(transaction: object) -> dict[int, float]:
    found = sorted(card.id for card in cards.iterate_cards(transaction))
    return {number: (at % 10) / 10 for at, number in enumerate(found) if at % 3}


TOYS = Extensions(terms={"similar": _odd_cards}, properties={"r": _recall})


@pytest.fixture
def toys() -> Extensions:
    """Terms that stand for what other parts of the program bring along."""
    return TOYS


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The search by brute force."""
    path = Path(__file__).parents[3] / "oracles" / "search_oracle.py"
    spec = importlib.util.spec_from_file_location("search_oracle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def filled(where: str) -> Iterator[Callable[[int], Collection]]:
    """A collection from a seed, once on each database; some have all texts, some part, or none."""
    with open_collection(where, clock=lambda: NOW_MS, day_boundary=ZONE) as collection:

        def make(seed: int) -> Collection:
            fill(collection, seed)
            if seed % 3:
                refresh(collection, few=0)
            if seed % 3 == 2:
                with collection.transaction("Edit") as t:
                    every = list(notes.iterate_notes(t))
                    notes.update_notes(t, [_edited(note) for note in every[::4]])
            return collection

        yield make


def _edited(note: Note) -> Note:
    return replace(note, fields=("dog cat now", *note.fields[1:]))
