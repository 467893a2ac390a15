"""Keys in a file: whole or not at all, added to, and of no account when it is not sound."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from recollect.cues import (
    KeptKeys,
    NgramSettings,
    WordSettings,
    add_kept,
    kept,
    load_kept,
    replace_kept,
    text_sums,
)

TEXTS = [f"word {at} of {at * 7919 % 101}" for at in range(300)]


@pytest.fixture(scope="module")
def encoder():
    return NgramSettings().fit(TEXTS)


def made(encoder, count=300, **values):
    texts = TEXTS[:count]
    return KeptKeys(encoder, text_sums(texts), encoder.encode(texts), **values)


def same(one, other):
    assert one.strangers == other.strangers
    assert one.facts == other.facts
    np.testing.assert_array_equal(one.sums, other.sums)
    np.testing.assert_array_equal(one.keys, other.keys)
    assert one.companions.keys() == other.companions.keys()
    for name, array in one.companions.items():
        np.testing.assert_array_equal(array, other.companions[name])
        assert array.dtype == other.companions[name].dtype


@pytest.mark.parametrize("count", [0, 1, 300])
def test_what_was_kept_comes_back(tmp_path, encoder, count, monkeypatch):
    monkeypatch.setattr(kept, "_ROWS", 128)
    path = tmp_path / "folder" / "keys.db"
    companions = {"cards": np.arange(5), "empty": np.zeros((0, 2), np.float32)}
    whole = made(encoder, count, strangers=3, facts={"a": [1, "ü"]}, companions=companions)
    assert replace_kept(path, NgramSettings(), whole)
    found = load_kept(path, NgramSettings())
    same(found, whole)
    np.testing.assert_array_equal(found.encoder.encode(["new"]), encoder.encode(["new"]))
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.db"]


def test_keys_are_added(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(kept, "_ROWS", 64)
    path = tmp_path / "keys.db"
    assert replace_kept(path, NgramSettings(), made(encoder, 100, facts={"step": 1}))
    for step, count in ((2, 101), (3, 101), (4, 300)):
        known = len(load_kept(path, NgramSettings()).keys)
        more = made(encoder, count, facts={"step": step}, companions={"n": np.array([step])})
        assert add_kept(path, more, known)
        same(load_kept(path, NgramSettings()), more)


def test_nothing_is_added_to_what_another_program_has_changed(tmp_path, encoder):
    path = tmp_path / "keys.db"
    assert replace_kept(path, NgramSettings(), made(encoder, 100))
    assert add_kept(path, made(encoder, 120), 100)
    assert not add_kept(path, made(encoder, 130), 100)
    assert not add_kept(path, made(encoder, 130), 0)
    other = NgramSettings().fit(TEXTS[:50])
    assert not add_kept(path, made(other, 150), 120)
    same(load_kept(path, NgramSettings()), made(encoder, 120))
    empty = tmp_path / "empty.db"
    assert replace_kept(empty, NgramSettings(), made(encoder, 0))
    assert not add_kept(empty, made(encoder, 10), 5)
    assert add_kept(empty, made(encoder, 10), 0)


def test_a_file_of_other_settings_or_formats_counts_as_none(tmp_path, encoder):
    path = tmp_path / "keys.db"
    assert load_kept(path, NgramSettings()) is None
    replace_kept(path, NgramSettings(), made(encoder))
    assert load_kept(path, NgramSettings(seed=1)) is None
    assert load_kept(path, WordSettings()) is None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE about SET value = '0' WHERE name = 'format'")
    assert load_kept(path, NgramSettings()) is None


DAMAGE = (
    "DELETE FROM keys",
    "DELETE FROM about WHERE name = 'facts'",
    "DELETE FROM arrays WHERE name = 'encoder.idf'",
    "UPDATE arrays SET data = x'00' WHERE name = 'encoder.idf'",
    "UPDATE arrays SET data = substr(data, 1, 200) WHERE name = 'encoder.directions'",
    "UPDATE keys SET keys = substr(keys, 1, 100)",
    "UPDATE keys SET sums = substr(sums, 1, 9)",
    "UPDATE keys SET first = 7",
    "UPDATE about SET value = 'x' WHERE name = 'strangers'",
    "UPDATE about SET value = '{' WHERE name = 'facts'",
    "DROP TABLE keys",
)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_counts_as_none_and_is_made_anew(tmp_path, encoder, damage):
    path = tmp_path / "keys.db"
    whole = made(encoder)
    replace_kept(path, NgramSettings(), whole)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)
    found = load_kept(path, NgramSettings())
    assert found is None or (damage == "DELETE FROM keys" and len(found.keys) == 0)
    assert replace_kept(path, NgramSettings(), whole)
    same(load_kept(path, NgramSettings()), whole)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5_000])
def test_a_file_that_is_none_counts_as_none(tmp_path, encoder, content):
    path = tmp_path / "keys.db"
    path.write_bytes(content)
    assert load_kept(path, NgramSettings()) is None
    assert not add_kept(path, made(encoder), 10)
    assert replace_kept(path, NgramSettings(), made(encoder))
    same(load_kept(path, NgramSettings()), made(encoder))


def test_pickles_are_not_read(tmp_path, encoder):
    import io

    path = tmp_path / "keys.db"
    replace_kept(path, NgramSettings(), made(encoder))
    stream = io.BytesIO()
    np.save(stream, np.array([{"an": "object"}], dtype=object), allow_pickle=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO arrays VALUES ('odd', ?)", (stream.getvalue(),))
    assert load_kept(path, NgramSettings()) is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path, encoder):
    taken = tmp_path / "file"
    taken.write_text("")
    assert not replace_kept(taken / "keys.db", NgramSettings(), made(encoder))
    path = tmp_path / "keys.db"
    replace_kept(path, NgramSettings(), made(encoder, 100))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version")
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kept, "_TIMEOUT_S", 0.05)
            assert not add_kept(path, made(encoder, 120), 100)
            assert load_kept(path, NgramSettings()) is None
    assert add_kept(path, made(encoder, 120), 100)


@pytest.mark.skipif(os.name != "posix", reason="permissions are of no account elsewhere")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_must_not_be_written(tmp_path, encoder):
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    assert not replace_kept(folder / "keys.db", NgramSettings(), made(encoder))


def test_places_of_texts(encoder):
    keys = made(encoder, 200)
    draw = np.random.default_rng(0)
    wanted = draw.permutation(300)
    places = keys.places(text_sums([TEXTS[at] for at in wanted]))
    np.testing.assert_array_equal(places, np.where(wanted < 200, wanted, -1))
    empty = replace(keys, sums=keys.sums[:0], keys=keys.keys[:0])
    assert (empty.places(text_sums(TEXTS)) == -1).all()
    assert keys.places(text_sums([])).shape == (0,)


def test_texts_have_one_sum_where_they_have_one_key():
    sums = text_sums(["Straße", "strasse ", "STRASSE", "e\u0301", "É", "\ud800", "x" * 10**6])
    assert sums.dtype == np.uint64
    assert len(set(sums.tolist())) == 4
