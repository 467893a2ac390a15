"""Words by their letters and sounds, and by the edits between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.cues import (
    Encoder,
    EncoderSettings,
    WordSettings,
    closest_spellings,
    latin_letters,
    readable,
    sound_classes,
    spelling_similarity,
)
from recollect.errors import ParameterError


def edits(a, b):
    """Optimal string alignment by its recurrence."""
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = a[i - 1] != b[j - 1]
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(a), len(b)]


WORDS = st.text(alphabet="abé大 ", max_size=8)


@given(WORDS, WORDS)
def test_spelling_is_one_less_the_edits_by_the_longer(first, second):
    a, b = readable(first), readable(second)
    longer = max(len(a), len(b))
    wanted = 1 - edits(a, b) / longer if longer else 1
    assert spelling_similarity(first, second) == pytest.approx(wanted)
    assert spelling_similarity(second, first) == pytest.approx(wanted)


@given(WORDS, st.lists(WORDS, max_size=8), st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0]))
def test_closest_spellings_are_what_sorting_finds(query, texts, count, least):
    alike = [(-spelling_similarity(query, text), at) for at, text in enumerate(texts)]
    wanted = [(at, -s) for s, at in sorted(alike) if -s >= least][:count]
    found = closest_spellings(query, texts, count, least=least)
    assert [at for at, _ in found] == [at for at, _ in wanted]
    assert [s for _, s in found] == pytest.approx([s for _, s in wanted])


def test_a_count_of_nothing():
    with pytest.raises(ParameterError):
        closest_spellings("a", ["a"], 0)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", ""),
        ("Naïve café", "naive cafe"),
        ("Москва", "moskva"),
        ("日本", "ri ben"),
        ("さくら", "sakura"),
        ("Ελλάδα", "ellada"),
        ("Straße 12!", "strasse"),
        ("...", ""),
    ],
)
def test_latin_letters(text, letters):
    assert latin_letters(text) == letters


@pytest.mark.parametrize(
    "same",
    [
        ("Philipp", "Filip", "Филипп"),
        ("Schule", "shule"),
        ("cat", "kat", "Kad"),
        ("Thomas", "Tomas", "Томас"),
        ("Mexico", "Meksiko"),
        ("city", "siti"),
    ],
)
def test_words_that_sound_alike(same):
    assert len({sound_classes(word) for word in same}) == 1


@pytest.mark.parametrize("different", [("cat", "mat"), ("cat", "city"), ("perro", "pelo gato")])
def test_words_that_do_not_sound_alike(different):
    assert len({sound_classes(word) for word in different}) == 2


@given(st.text(max_size=30))
def test_sounds_are_classes(text):
    letters = latin_letters(text)
    assert set(letters) <= set("abcdefghijklmnopqrstuvwxyz ")
    classes = sound_classes(text)
    assert set(classes) <= set("PTSKRMNWJHV ")
    assert len(classes.split()) == len(letters.split())


@pytest.mark.parametrize("form", ["letters", "sounds"])
def test_word_encoders_keep_the_contract(form, odd_texts):
    settings = WordSettings(form)
    assert isinstance(settings, EncoderSettings)
    encoder = settings.fit(["of", "no", "account"])
    assert isinstance(encoder, Encoder)
    keys = encoder.encode(odd_texts)
    assert keys.shape == (len(odd_texts), encoder.dim) == (len(odd_texts), 256)
    blank = [not latin_letters(text) for text in odd_texts]
    np.testing.assert_allclose(np.linalg.norm(keys, axis=1), np.where(blank, 0, 1), atol=1e-5)
    np.testing.assert_array_equal(keys, settings.restored(encoder.arrays()).encode(odd_texts))
    assert not encoder.refit_due(10**6, 10**6)
    assert encoder.strangers(odd_texts) == 0
    assert encoder.encode([]).shape == (0, 256)


def test_keys_of_words_are_alike_as_the_words_are():
    letters = WordSettings("letters").fit([])
    alike = letters.encode(["Москва", "Moskau", "perro", "perra", "大学"])
    alike = alike @ alike.T
    assert alike[0, 1] > 0.4
    assert alike[2, 3] > 0.5
    assert alike[0, 2] < 0.3
    sounds = WordSettings("sounds").fit([])
    assert sounds.compared(["Philipp"], ["Filip"]) == pytest.approx(1, abs=1e-5)
    assert letters.compared(["Philipp"], ["Filip"])[0] < 0.7
    pairs = (["Philipp", "kat", "dog"], ["Filip", "city", "dig"])
    keys = [sounds.encode(side) for side in pairs]
    estimate = np.einsum("tk,tk->t", *keys)
    np.testing.assert_allclose(estimate, sounds.compared(*pairs), atol=0.25)


def test_identities_and_settings_out_of_range():
    given = [WordSettings("letters"), WordSettings("sounds"), WordSettings(seed=1)]
    assert len({settings.identity for settings in given}) == 3
    for wrong in ({"components": 0}, {"components": 100}):
        with pytest.raises(ParameterError):
            WordSettings(**wrong)
