"""The usual keys: against TF-IDF in plain Python, and what must hold of every text."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.cues import LONGEST, Encoder, EncoderSettings, NgramSettings
from recollect.errors import ParameterError

WORDS = (
    "der Hund",
    "die Hündin",
    "das Pferd",
    "der Hut",
    "the dog",
    "the horse",
    "犬",
    "大学",
    "大",
)


@pytest.fixture(scope="module")
def fitted(deck_texts):
    return NgramSettings().fit(deck_texts)


def test_it_keeps_the_contract():
    assert isinstance(NgramSettings(), EncoderSettings)
    assert isinstance(NgramSettings().fit(WORDS), Encoder)


def test_comparing_is_what_the_oracle_says(oracle, deck_texts, fitted):
    brute = oracle.Tfidf(deck_texts)
    draw = np.random.default_rng(0)
    first = [deck_texts[at] for at in draw.integers(len(deck_texts), size=200)]
    second = [deck_texts[at] for at in draw.integers(len(deck_texts), size=200)]
    first += ["Madrid", "unheard-of", "a a a a", "大学"]
    second += ["madrid", "Unheard of", "a", "大"]
    wanted = [brute.similarity(*pair) for pair in zip(first, second, strict=True)]
    error = np.abs(fitted.compared(first, second) - wanted)
    assert np.median(error) < 1e-3
    # Of 2¹⁸ places for n-grams some hold two by chance; a pair of texts may have both.
    assert np.mean(error < 5e-3) > 0.98
    assert error.max() < 0.1


def test_keys_of_few_texts_are_exact(oracle):
    brute = oracle.Tfidf(WORDS)
    keys = NgramSettings().fit(WORDS).encode(WORDS)
    wanted = [[brute.similarity(a, b) for b in WORDS] for a in WORDS]
    np.testing.assert_allclose(keys @ keys.T, wanted, atol=1e-4)


def test_keys_of_many_texts_estimate_the_similarity(deck_texts, fitted):
    exact = fitted.weights(deck_texts)
    keys = fitted.encode(deck_texts)
    error = keys @ keys.T - (exact @ exact.T).toarray()
    assert abs(error.mean()) < 0.01
    assert error.std() < 0.05
    assert np.abs(error).max() < 0.35


def test_texts_that_the_fit_has_never_seen_are_told_apart(fitted):
    keys = fitted.encode(["Ελλάδα", "Ελλάς", "Москва", "московский"])
    alike = keys @ keys.T
    assert alike[0, 1] > 0.4
    assert alike[2, 3] > 0.3
    assert np.abs(alike[:2, 2:]).max() < 0.3


def test_keys_are_unit_vectors_of_float32_or_nothing(odd_texts, fitted):
    keys = fitted.encode(odd_texts)
    assert keys.dtype == np.float32
    assert keys.shape == (len(odd_texts), fitted.dim) == (len(odd_texts), 256)
    assert np.isfinite(keys).all()
    blank = [not text.split() for text in odd_texts]
    np.testing.assert_allclose(np.linalg.norm(keys, axis=1), np.where(blank, 0, 1), atol=1e-5)


def test_case_width_and_composition_are_of_no_account(fitted):
    for same in (
        ("a", "A", "ａ"),
        ("é", "e\u0301", "É"),
        ("ß", "SS"),
        ("ﬁ", "fi"),
        ("a  b", " a\nb"),
    ):
        keys = fitted.encode(same)
        np.testing.assert_array_equal(keys, keys[:1].repeat(len(same), axis=0))


def test_fits_do_not_depend_on_order_and_repetition(deck_texts):
    once = NgramSettings().fit(deck_texts)
    again = NgramSettings().fit([*deck_texts[::-1], *deck_texts[:50], "", " "])
    for name, array in once.arrays().items():
        np.testing.assert_array_equal(array, again.arrays()[name])
    other = NgramSettings(seed=1).fit(deck_texts)
    assert not np.array_equal(once.encode(["Madrid"]), other.encode(["Madrid"]))


def test_a_key_does_not_depend_on_the_texts_beside_it(deck_texts, fitted):
    together = fitted.encode(deck_texts[:300])
    alone = np.vstack([fitted.encode([text]) for text in deck_texts[:300]])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("texts", [[], [""], ["a"], ["大"], ["a", "a"], ["same"] * 50, ["a", "b"]])
def test_fits_on_next_to_nothing(texts):
    encoder = NgramSettings().fit(texts)
    keys = encoder.encode(["a", "大", "same", ""])
    np.testing.assert_allclose(np.linalg.norm(keys, axis=1), [1, 1, 1, 0], atol=1e-5)
    assert encoder.encode([]).shape == (0, 256)
    np.testing.assert_allclose(encoder.compared(["a", ""], ["a", ""]), [1, 0], atol=1e-6)


def test_long_texts_are_read_up_to_a_length(fitted):
    long = "word " * 200_000
    np.testing.assert_array_equal(fitted.encode([long]), fitted.encode([long[: LONGEST + 50]]))
    assert fitted.encode(["\u0301" * 10**6, "大" * 10**6]).shape == (2, 256)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_any_text_has_a_key_that_is_most_like_itself(texts):
    encoder = NgramSettings(svd_components=4, sketch_components=64).fit(texts[:3])
    keys = encoder.encode(texts)
    alike = keys @ keys.T
    assert np.isfinite(alike).all()
    for first, second in itertools.product(range(len(texts)), repeat=2):
        assert alike[first, second] <= 1 + 1e-5
        assert alike[first, second] <= alike[first, first] + 1e-5


def test_what_was_learned_can_be_kept(fitted, deck_texts):
    again = NgramSettings().restored(dict(fitted.arrays()))
    np.testing.assert_array_equal(again.encode(deck_texts[:50]), fitted.encode(deck_texts[:50]))
    assert again.fitted_texts == fitted.fitted_texts
    arrays = dict(fitted.arrays())
    for wrong in (
        {},
        arrays | {"idf": arrays["idf"][:-1]},
        arrays | {"idf": arrays["idf"].astype(np.float64)},
        arrays | {"columns": arrays["columns"][:-1]},
        arrays | {"columns": arrays["columns"] + 2**18},
        arrays | {"fitted_texts": np.array([])},
    ):
        with pytest.raises(ParameterError, match="not those of an n-gram encoder"):
            NgramSettings().restored(wrong)


def test_when_a_refit_is_due(fitted):
    count = fitted.fitted_texts
    assert not fitted.refit_due(count)
    assert not fitted.refit_due(round(count * 1.4))
    assert fitted.refit_due(round(count * 1.6))
    assert fitted.refit_due(round(count * 0.4))
    assert not fitted.refit_due(count, strangers=10)
    assert fitted.refit_due(count, strangers=count // 10)


def test_strangers_are_texts_of_other_letters(fitted):
    assert fitted.strangers(["Ελλάδα", "Москва", "大学", "한국어"]) == 4
    assert fitted.strangers(["Spain", "capital", "", "the capital of 大"]) == 0


def test_samples_are_enough_for_large_collections(deck_texts):
    small = NgramSettings(most_texts=400, most_svd_texts=200).fit(deck_texts)
    keys = small.encode(deck_texts)
    exact = small.weights(deck_texts)
    error = keys @ keys.T - (exact @ exact.T).toarray()
    assert error.std() < 0.06
    assert small.fitted_texts == len({text.casefold() for text in deck_texts})


def test_identities_differ_wherever_keys_do():
    given = [NgramSettings(), NgramSettings(longest=4), NgramSettings(seed=1)]
    assert len({settings.identity for settings in given}) == 3
    assert NgramSettings().identity == NgramSettings().identity


@pytest.mark.parametrize(
    "wrong",
    [
        {"shortest": 0},
        {"shortest": 3, "longest": 2},
        {"sketch_components": 0},
        {"sketch_components": 100},
        {"svd_components": 0},
        {"most_texts": 0},
    ],
)
def test_settings_out_of_range(wrong):
    with pytest.raises(ParameterError):
        NgramSettings(**wrong)
