"""Collections to study, on both databases: the fixtures of the collection's own tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from recollect.collection import (
    Card,
    Collection,
    Field,
    Note,
    NoteType,
    Template,
    cards,
    decks,
    note_types,
    notes,
)


def _module(path: Path) -> ModuleType:
    spec = spec_from_file_location("collection_fixtures", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_fixtures = _module(Path(__file__).parents[1] / "collection" / "conftest.py")
postgresql_server = _fixtures.postgresql_server
postgresql_url = _fixtures.postgresql_url
where = _fixtures.where
clock = _fixtures.clock
opened = _fixtures.opened
collection = _fixtures.collection


@pytest.fixture
def sqlite(tmp_path: Path, opened: Callable[..., Collection]) -> Collection:
    """A new collection in a file."""
    return opened(tmp_path / "collection.db")


@pytest.fixture
def fill() -> Callable[..., list[int]]:
    """``fill(collection, 3)``: three notes with a card each, or two with ``reverse=True``."""
    return fill_with_notes


def fill_with_notes(
    collection: Collection,
    count: int,
    *,
    deck: str = "Default",
    reverse: bool = False,
    fields: Sequence[str] = ("question {}", "answer {}"),
) -> list[int]:
    """Add notes; returns the numbers of their cards."""
    with collection.transaction("Fill") as transaction:
        name = "Both ways" if reverse else "One way"
        kind = note_types.find_note_type(transaction, name)
        if kind is None:
            templates = [Template("Card 1", "{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}")]
            if reverse:
                templates.append(Template("Card 2", "{{Back}}", "{{FrontSide}}<hr>{{Front}}"))
            kind = note_types.add_note_type(
                transaction,
                NoteType(0, name, "normal", (Field("Front"), Field("Back")), tuple(templates)),
            )
        deck_id = decks.make_deck(transaction, deck).id
        position = cards.next_position(transaction)
        numbers = notes.number_notes(transaction, count)
        made = [
            Note(number, f"guid {number}", kind.id, tuple(text.format(at) for text in fields))
            for at, number in enumerate(numbers)
        ]
        notes.add_notes(transaction, made)
        ways = len(kind.templates)
        card_ids = cards.number_cards(transaction, count * ways)
        cards.add_cards(
            transaction,
            [
                Card(
                    card_ids[at * ways + way],
                    note.id,
                    deck_id,
                    ordinal=way,
                    position=position + at,
                )
                for at, note in enumerate(made)
                for way in range(ways)
            ],
        )
    return card_ids
