import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.study.typing import TypingOptions, aligned, compare


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("café", unicodedata.normalize("NFD", "café")),
        ("한국어", unicodedata.normalize("NFD", "한국어")),
        ("  el  perro ", "el perro"),
        ("", ""),
    ],
)
def test_the_same_however_it_was_typed(typed, expected):
    assert compare(typed, expected).right
    assert compare(expected, typed).right


@pytest.mark.parametrize(
    ("typed", "expected", "options"),
    [
        ("STRASSE", "straße", TypingOptions(fold_case=True)),
        ("nino", "niño", TypingOptions(fold_accents=True)),
        ("Perro", "perro", TypingOptions(fold_case=True)),
        ("\uff21\uff22\uff23", "ABC", TypingOptions(form="NFKC")),
        ("ﬁn", "fin", TypingOptions(form="NFKC")),
    ],
)
def test_what_does_not_matter_if_the_learner_says_so(typed, expected, options):
    assert compare(typed, expected, options).right
    assert not compare(typed, expected).right


def test_space_matters_where_it_is_not_folded():
    assert not compare("el  perro", "el perro", TypingOptions(fold_space=False)).right


@pytest.mark.parametrize(
    ("typed", "expected", "lines"),
    [
        ("perro", "pero", ("perro", "per-o", "   + ")),
        ("pero", "perro", ("per-o", "perro", "   - ")),
        ("gato", "pato", ("gato", "pato", "^   ")),
        ("ab", "a b", ("a-b", "a␣b", " - ")),
        ("日本", "日木", ("日本", "日木", "  ^^")),
        ("", "x", ("-", "x", "-")),
    ],
)
def test_differences_stand_under_each_other(typed, expected, lines):
    found = aligned(compare(typed, expected))
    assert found[:2] == lines[:2]
    assert found[2] == lines[2].rstrip()


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_the_pieces_are_both_texts_and_right_means_no_difference(typed, expected, fold_case):
    options = TypingOptions(fold_case=fold_case)
    found = compare(typed, expected, options)
    settled = [" ".join(unicodedata.normalize("NFC", text).split()) for text in (typed, expected)]
    assert "".join(piece.typed for piece in found.pieces) == settled[0]
    assert "".join(piece.expected for piece in found.pieces) == settled[1]
    assert found.right == all(piece.kind == "same" for piece in found.pieces)
    assert 0.0 <= found.likeness <= 1.0
    if not fold_case:
        assert found.right == (settled[0] == settled[1])


def test_very_long_texts_are_only_called_right_or_wrong():
    long = "word " * 100_000
    assert compare(long, long).right
    found = compare(long, long + "x")
    assert not found.right
    assert len(found.pieces) == 1
