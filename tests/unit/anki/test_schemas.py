from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recollect.anki.catalogue import Catalogue, note_type_from_form, preset_from_form
from recollect.anki.forms import PRESET, read_form, write_form
from recollect.anki.forms_out import note_type_form, preset_form
from recollect.anki.media_files import renamed_references
from recollect.anki.media_map import media_name
from recollect.anki.package import open_package
from recollect.anki.protobuf import parse
from recollect.collection import Preset

PACKAGES = Path(__file__).parents[2] / "data" / "anki"


def catalogue(path: Path) -> Catalogue:
    with open_package(path) as package:
        return package.catalogue


def plain(note_type: Any) -> Any:
    """Without empty entries, which schema 11 writes out and schema 18 leaves away."""
    if isinstance(note_type, dict):
        kept = {name: plain(value) for name, value in note_type.items() if name != "did"}
        return {name: value for name, value in kept.items() if value not in (None, False, "", [])}
    return [plain(item) for item in note_type] if isinstance(note_type, list) else note_type


@pytest.mark.parametrize("kind", ["apkg", "colpkg"])
def test_both_schemas_say_the_same(kind: str) -> None:
    new, old = (catalogue(PACKAGES / f"{name}.{kind}") for name in ("latest", "legacy"))
    assert new.decks.keys() == old.decks.keys()
    assert {d.name for d in new.decks.values()} == {"Default", "Lang", "Lang::Kanji"}
    assert new.presets.keys() == old.presets.keys() == {1}
    assert replace(new.presets[1], extra={}) == replace(old.presets[1], extra={})
    assert new.note_types.keys() == old.note_types.keys()
    for number, theirs in new.note_types.items():
        forms = [plain(note_type_form(item)) for item in (theirs, old.note_types[number])]
        assert forms[0] == forms[1]


@pytest.mark.parametrize("latest", [False, True])
def test_what_we_write_is_what_we_read(made: Any, tmp_path: Path, latest: bool) -> None:
    ours = catalogue(PACKAGES / "legacy.colpkg")
    made.models = [note_type_form(item) for item in ours.note_types.values()]
    again = catalogue(made.write(tmp_path / "deck.apkg", "latest" if latest else "legacy"))
    for number, theirs in again.note_types.items():
        assert plain(note_type_form(theirs)) == plain(note_type_form(ours.note_types[number]))


def test_presets_there_and_back() -> None:
    preset = Preset(
        7,
        "Mine",
        desired_retention=0.87,
        new_per_day=3,
        reviews_per_day=77,
        learning_steps_minutes=(0.5, 15.0, 1440.0),
        relearning_steps_minutes=(),
        maximum_interval_days=400,
        bury_siblings=False,
        leech_threshold=4,
        leech_suspends=False,
        new_order="random",
    )
    form = preset_form(preset, 0)
    for written in (form, read_form(parse(write_form(form, PRESET)), PRESET)):
        back = preset_from_form(7, written | {"name": "Mine"})
        assert replace(back, extra={}, fuzz=True) == preset


def test_keys_that_we_do_not_know_are_carried_along() -> None:
    form = {**preset_form(Preset(1, "P"), 0), "addon": {"a": [1, None]}, "maxTaken": 30}
    packed = write_form(form, PRESET, ("id", "name", "mod", "usn", "dyn"))
    again = read_form(parse(packed), PRESET)
    assert again["addon"] == {"a": [1, None]}
    assert again["maxTaken"] == 30
    assert preset_form(preset_from_form(1, again), 0)["addon"] == {"a": [1, None]}


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"flds": [], "tmpls": []},
        {"flds": "x", "tmpls": {"a": 1}},
        {"flds": [{}] * 501, "tmpls": [{}]},
        {"flds": [None, 5], "tmpls": [{}]},
    ],
)
def test_note_types_that_are_none(form: dict[str, Any]) -> None:
    assert note_type_from_form(1, form) is None


def test_values_of_the_wrong_kind_are_not_carried_along() -> None:
    form = {
        "name": None,
        "flds": [{"name": "A", "sticky": "yes", "size": [1], "font": 7, "rtl": True}],
        "tmpls": [{"qfmt": 5, "afmt": None, "bsize": "big"}],
        "sortf": "x",
        "css": 9,
        "mod": "never",
    }
    note_type = note_type_from_form(3, form)
    assert note_type is not None
    assert note_type.fields[0].extra == {"anki": {"rtl": True}}
    assert note_type.templates[0].question == "5"
    assert (note_type.name, note_type.css, note_type.modified_at_ms) == ("Note type 3", "9", 0)
    assert note_type_form(note_type)["sortf"] == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.png", "a.png"),
        ("a\u0308.png", "ä.png"),
        ("漢字 1.mp3", "漢字 1.mp3"),
        ("a/b", None),
        ("a\\b", None),
        ("..", None),
        ("", None),
        (" a", None),
        ("a\0b", None),
        ("\u202ea", None),
        ("x" * 256, None),
    ],
)
def test_names_of_media(name: str, kept: str | None) -> None:
    assert media_name(name) == kept


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("<img src='a b.png'>", "<img src='n 1.png'>"),
        ('<img src="a%20b.png"> x', '<img src="n%201.png"> x'),
        ("<IMG class=x SRC = 'a b.png'>", "<IMG class=x SRC = 'n 1.png'>"),
        ("[sound:a b.png][sound:c.mp3]", "[sound:n 1.png][sound:d.mp3]"),
        ("<object data=c.mp3>", "<object data=d.mp3>"),
        ('<img src="a&amp;.png">', '<img src="&lt;.png">'),
        ("a b.png and c.mp3 in plain text", "a b.png and c.mp3 in plain text"),
        ('<img src="xc.mp3">', '<img src="xc.mp3">'),
    ],
)
def test_references_to_renamed_media(text: str, after: str) -> None:
    renamed = {"a b.png": "n 1.png", "c.mp3": "d.mp3", "a&.png": "<.png"}
    assert renamed_references(text, renamed) == after
