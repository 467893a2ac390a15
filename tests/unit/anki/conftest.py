"""Collections on both databases, and packages made to order."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import zstandard

from recollect.anki.database_out import CollectionHead, note_values, opened_new, write_rows
from recollect.anki.forms_out import deck_form, note_type_form, preset_form
from recollect.anki.protobuf import field
from recollect.collection import Deck, Field, NoteType, Preset, Template

PACKAGES = Path(__file__).parents[2] / "data" / "anki"
CREATED_S = 1_600_000_000  # 2020-09-13
DAY_0 = CREATED_S // 86_400
BASIC, CLOZE = 1_500_000_000_001, 1_500_000_000_002
NOTE, CARD = 1_600_000_001_000, 1_600_000_002_000
WORDS, VERBS = 1_600_000_000_100, 1_600_000_000_200
REVIEWED_MS = 1_600_100_000_000


def _shared_fixtures() -> Any:
    """The fixtures of the collection's own tests: a database of each kind."""
    path = Path(__file__).parents[1] / "collection" / "conftest.py"
    name = "recollect_tests_collection_conftest"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


_shared = _shared_fixtures()
postgresql_server = _shared.postgresql_server
postgresql_url = _shared.postgresql_url
where = _shared.where
clock = _shared.clock
opened = _shared.opened
collection = _shared.collection
fails = _shared.fails


def basic(**changes: Any) -> NoteType:
    fields = (Field("Front"), Field("Back"))
    templates = (
        Template("Card 1", "{{Front}}", "{{Back}}"),
        Template("Card 2", "{{#Back}}{{Back}}{{/Back}}", "{{Front}}"),
    )
    values = {"id": BASIC, "name": "Basic", "kind": "normal"}
    return NoteType(**{**values, "fields": fields, "templates": templates, **changes})


def cloze() -> NoteType:
    templates = (Template("Cloze", "{{cloze:Text}}", "{{cloze:Text}}"),)
    return NoteType(CLOZE, "Cloze", "cloze", (Field("Text"),), templates)


class Made:
    """A package to order: rows that a test adds to and changes before it is written."""

    def __init__(self) -> None:
        self.created_s = CREATED_S
        self.config: dict[str, Any] = {"creationOffset": 0}
        self.models = [note_type_form(basic()), note_type_form(cloze())]
        decks = (Deck(1, "Default"), Deck(WORDS, "Words"), Deck(VERBS, "Words::Verbs"))
        self.decks = [deck_form(deck, 0) for deck in decks]
        self.presets = [preset_form(Preset(1, "Default"), 0)]
        self.notes: list[list[Any]] = []
        self.cards: list[list[Any]] = []
        self.reviews: list[list[Any]] = []
        self.media: dict[str, bytes] = {}
        self.statements: list[str] = []

    def note(self, at: int = 0, fields: tuple[str, ...] = ("q", "a"), **changes: Any) -> None:
        values = {"id": NOTE + at, "guid": f"guid{at}", "mid": BASIC, "mod": CREATED_S}
        values |= {"usn": -1, "tags": " t1 t2::x ", "flds": "\x1f".join(fields)}
        values |= {"sfld": fields[0], "csum": note_values(fields, 0)[2], "flags": 0, "data": ""}
        self.notes.append(list((values | changes).values()))

    def card(self, at: int = 0, **changes: Any) -> None:
        values = {"id": CARD + at, "nid": NOTE + at, "did": WORDS, "ord": 0, "mod": CREATED_S}
        values |= {"usn": -1, "type": 0, "queue": 0, "due": at + 1, "ivl": 0, "factor": 0}
        values |= {"reps": 0, "lapses": 0, "left": 0, "odue": 0, "odid": 0, "flags": 0}
        self.cards.append(list((values | {"data": "{}"} | changes).values()))

    def review(self, at: int = 0, card: int = 0, **changes: Any) -> None:
        values = {"id": REVIEWED_MS + at, "cid": CARD + card, "usn": -1, "ease": 3, "ivl": 5}
        values |= {"lastIvl": -600, "factor": 2500, "time": 4321, "type": 1}
        self.reviews.append(list((values | changes).values()))

    def write(self, path: Path, kind: str = "legacy") -> Path:
        """As ``legacy`` (only collection.anki2), ``latest``, or a ``bare`` collection file."""
        latest = kind == "latest"
        head = CollectionHead(
            self.created_s, CREATED_S * 1000, self.config, self.models, self.decks, self.presets
        )
        database = path if kind == "bare" else path.with_suffix(".tmp")
        database.unlink(missing_ok=True)
        with opened_new(database, head, latest=latest) as connection:
            write_rows(connection, "notes", self.notes, 11)
            write_rows(connection, "cards", self.cards, 18)
            write_rows(connection, "revlog", self.reviews, 9)
        with closing(sqlite3.connect(database)) as connection:
            for statement in self.statements:
                connection.execute(statement)
            connection.commit()
        if kind == "bare":
            return path
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            names = list(self.media)
            if latest:
                package.writestr("meta", b"\x08\x03")
                packed = zstandard.compress(database.read_bytes())
                package.writestr("collection.anki21b", packed)
                entries = [field(1, field(1, name) + field(2, 1)) for name in names]
                package.writestr("media", zstandard.compress(b"".join(entries)))
            else:
                package.writestr("collection.anki2", database.read_bytes())
                listing = {str(at): name for at, name in enumerate(names)}
                package.writestr("media", json.dumps(listing))
            for at, name in enumerate(names):
                content = self.media[name]
                package.writestr(str(at), zstandard.compress(content) if latest else content)
        database.unlink()
        return path


@pytest.fixture
def made() -> Made:
    """A package with nothing in it yet but note types and decks."""
    return Made()


@pytest.fixture
def whole() -> Callable[[], Made]:
    """Makes a package with a note in each state that a card can be in."""

    def make() -> Made:
        package = Made()
        package.media = {"dot.svg": b"<svg/>", "a b.mp3": b"ID3"}
        package.note(0, ('<img src="dot.svg">', "[sound:a b.mp3]"))
        package.card(0)
        for at in range(1, 8):
            package.note(at, (f"q{at}", f"a{at}"))
        package.card(1, type=2, queue=2, due=30, ivl=25, factor=2300, reps=7, lapses=1)
        package.card(2, type=1, queue=1, due=1_700_000_000, left=1001, reps=1)
        package.card(3, type=3, queue=3, due=40, ivl=3, left=1001, reps=4, lapses=2, factor=2000)
        package.card(4, type=2, queue=-1, due=50, ivl=9, flags=5, factor=2500)
        package.card(5, type=2, queue=-2, due=60, ivl=8, factor=2500)
        package.card(6, queue=-3)
        package.card(7, type=2, queue=2, due=-100, ivl=70, odid=VERBS, odue=33, did=999)
        package.decks.append(deck_form(Deck(999, "Filtered"), 0) | {"dyn": 1})
        package.review(0, 1)
        package.review(1, 1, ease=1, ivl=1, lastIvl=25, type=1)
        package.review(2, 3, ease=4, type=2)
        package.review(3, 1, ease=0, type=4, factor=0)
        package.review(4, 77, ease=2, type=3)
        return package

    return make
