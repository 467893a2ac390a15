"""Keys of single words: by their letters or by their sounds, whatever their script.

Words are written in Latin letters, or further in classes of sounds
(:mod:`~recollect.cues.spelling`); the key is a random projection of the pairs and triples of
letters in that, each counting the same. Nothing is learned from a collection, so keys of words that
come later are as good as those of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from recollect.cues.contract import Arrays, Keys, unit_keys
from recollect.cues.ngrams import FEATURES, compared_by, ngram_counts, weighed
from recollect.cues.sketch import BLOCKS, sketch_matrix
from recollect.cues.spelling import latin_letters, sound_classes
from recollect.errors import ParameterError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["WordEncoder", "WordSettings"]

_VERSION = 1
_BLOCK = 4_096
_SHORTEST, _LONGEST = 2, 3
_FORMS: dict[str, Callable[[str], str]] = {"letters": latin_letters, "sounds": sound_classes}


@dataclass(frozen=True)
class WordSettings:
    """How words become keys.

    Attributes:
        form: ``"letters"`` or ``"sounds"``.
        components: of a key; a multiple of 8.
        seed: of the projection.
    """

    form: Literal["letters", "sounds"] = "letters"
    components: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        if self.form not in _FORMS:
            raise ParameterError(f"words are compared by letters or sounds, not {self.form!r}")
        if self.components < BLOCKS or self.components % BLOCKS:
            raise ParameterError(f"components is a multiple of {BLOCKS}, not {self.components}")

    @property
    def identity(self) -> str:
        """See :class:`~recollect.cues.contract.EncoderSettings`."""
        return f"words {_VERSION} {self.form} {self.components} {self.seed}"

    def fit(self, texts: Sequence[str]) -> WordEncoder:
        """The encoder; the texts are of no account."""
        return WordEncoder(self)

    def restored(self, arrays: Arrays) -> WordEncoder:
        """The encoder; there are no arrays."""
        return WordEncoder(self)


class WordEncoder:
    """Words to keys; see :class:`WordSettings`."""

    def __init__(self, settings: WordSettings) -> None:
        self.settings = settings

    @property
    def dim(self) -> int:
        """Components of a key."""
        return self.settings.components

    @property
    def exact(self) -> bool:
        """Never: a key has fewer components than there are n-grams."""
        return False

    def encode(self, texts: Sequence[str]) -> Keys:
        """The keys of texts, ``[text, dim]``."""
        keys = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _BLOCK):
            weights = self.weights(texts[start : start + _BLOCK])
            keys[start : start + _BLOCK] = unit_keys((weights @ self._sketch).toarray())
        return keys

    def compared(self, first: Sequence[str], second: Sequence[str]) -> NDArray[np.float32]:
        """The similarity of each text to the one at its place in the other list, exactly."""
        return compared_by(self.weights, first, second)

    def weights(self, texts: Sequence[str]) -> csr_array:
        """The vectors that keys stand for, ``[text, n-gram]``, of length 1 or 0."""
        written = _FORMS[self.settings.form]
        counts = ngram_counts([written(text) for text in texts], _SHORTEST, _LONGEST)
        return weighed(counts, np.ones(FEATURES, np.float32))

    def strangers(self, texts: Sequence[str]) -> int:
        """None: there is no fit that could not know them."""
        return 0

    def refit_due(self, texts: int, strangers: int = 0) -> bool:
        """Never."""
        return False

    def arrays(self) -> Arrays:
        """None."""
        return {}

    @cached_property
    def _sketch(self) -> csr_array:
        return sketch_matrix(FEATURES, self.settings.components, self.settings.seed)
