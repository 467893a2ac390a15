"""What of a text makes its key, and what file names tell."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.cues import LONGEST, name_text, readable


@given(st.text(max_size=80))
def test_readable_is_in_one_form(text):
    read = readable(text)
    assert read == " ".join(read.split())
    assert len(read) <= LONGEST
    read.encode()
    assert readable(f" {text}\n") == read
    decomposed = unicodedata.normalize("NFD", text)
    assert readable(decomposed) == read or not text.isprintable() or "\ufffd" in text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ""),
        (" \n\t ", ""),
        ("El  Perro", "el perro"),
        ("ＡＢＣ１", "abc1"),
        ("e\u0301", "é"),
        ("Straße", "strasse"),
        ("\ud800x", "?x"),
        ("x" * 10**6, "x" * LONGEST),
        ("\u0301" * 10**6, "\u0301" * LONGEST),
    ],
)
def test_readable(text, read):
    assert readable(text) == read


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("red_panda-2.jpg", "red panda 2"),
        ("perro.mp3", "perro"),
        ("日本地図.png", "日本地図"),
        ("folder/The.Night.Watch.webp", "The Night Watch"),
        ("C:\\media\\cat.png", "cat"),
        ("noext", "noext"),
        ("deadbeef.png", "deadbeef"),
        ("paste-1f4e5d6c7b8a90123456789abcdef01234567890.png", ""),
        ("1f4e5d6c7b8a90123456789abcdef012.png", ""),
        ("IMG_2041.jpg", ""),
        ("20231104-153000.jpg", ""),
        ("rec1699999999.mp3", ""),
        ("", ""),
        (".", ""),
        ("1" * 10_000 + "x.png", "1" * 10_000 + "x"),
    ],
)
def test_file_names(name, words):
    assert name_text(name) == words
