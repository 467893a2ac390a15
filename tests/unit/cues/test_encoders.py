"""Encoders by name."""

import pytest

from recollect.cues import DenseSettings, NgramSettings, WordSettings, encoder_settings
from recollect.errors import UnknownNameError


def test_names():
    assert encoder_settings("ngrams") == NgramSettings()
    assert encoder_settings("letters") == WordSettings("letters")
    assert encoder_settings("sounds") == WordSettings("sounds")
    assert encoder_settings("dense:a/model:1") == DenseSettings("a/model:1")


@pytest.mark.parametrize("name", ["", "ngram", "dense", "dense:", "ngrams:2"])
def test_names_of_none(name):
    with pytest.raises(UnknownNameError, match="there are: ngrams, letters, sounds, dense:MODEL"):
        encoder_settings(name)
