"""The usual keys: character n-grams weighed by rarity, in few components.

A text is its 1- to 3-grams of characters within words, a word's ends being characters too; each
weighs (1 + ln count) · idf, idf = ln((1 + texts) / (1 + texts that have it)) + 1, as in
scikit-learn. Of that vector x, of length 1 with a component for each n-gram, the key keeps

    [ Vx ,  S(x − VᵀVx) ]

where the rows of V are the first right singular vectors of the collection's texts (truncated
SVD: S. Deerwester et al., *Indexing by latent semantic analysis*, JASIS 41(6), 1990) and S is a
random projection (:mod:`~recollect.cues.sketch`) of all that the SVD leaves out. The first part is
what many texts share, the second what tells them apart: without it, words that share nothing but
common letters look the same. The dot product of two keys is that of the texts' vectors, give or
take about 0.05; so is that of texts whose n-grams the fit has never seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recollect.cues.contract import Arrays, Keys, unit_keys
from recollect.cues.reading import readable
from recollect.cues.sketch import BLOCKS, sketch_matrix
from recollect.errors import ParameterError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["FEATURES", "NgramEncoder", "NgramSettings", "compared_by", "ngram_counts", "weighed"]

FEATURES = 2**18
"""N-grams are told apart by a hash of 18 bits: few of a text's n-grams meet another's by chance."""

_VERSION = 1
_BLOCK = 4_096
_FEW = 5_000
_STRANGE = 0.5
_GROWTH, _GROWTH_AT_LEAST = 0.5, 10
_STRANGERS, _STRANGERS_AT_LEAST = 0.05, 10


@dataclass(frozen=True)
class NgramSettings:
    """How n-grams become keys.

    Attributes:
        shortest: characters of the shortest n-gram.
        longest: characters of the longest.
        svd_components: of a key, those that the SVD gives.
        sketch_components: those that the random projection gives; a multiple of 8.
        seed: of the projection, and of the choice of texts where there are more than enough.
        most_texts: so many texts say how rare n-grams are.
        most_svd_texts: so many of them go into the SVD.
    """

    shortest: int = 1
    longest: int = 3
    svd_components: int = 64
    sketch_components: int = 192
    seed: int = 0
    most_texts: int = 50_000
    most_svd_texts: int = 20_000

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.longest:
            raise ParameterError(
                f"n-grams have 1 character or more, the longest no less than the shortest, "
                f"not {self.shortest} to {self.longest}"
            )
        if self.sketch_components < BLOCKS or self.sketch_components % BLOCKS:
            raise ParameterError(
                f"sketch_components is a multiple of {BLOCKS}, not {self.sketch_components}"
            )
        if min(self.svd_components, self.most_texts, self.most_svd_texts) < 1:
            raise ParameterError("svd_components, most_texts and most_svd_texts are 1 or more")

    @property
    def identity(self) -> str:
        """See :class:`~recollect.cues.contract.EncoderSettings`."""
        return f"ngrams {_VERSION} {json.dumps(asdict(self), sort_keys=True)}"

    def fit(self, texts: Sequence[str]) -> NgramEncoder:
        """Count n-grams and find what texts share; see :class:`NgramEncoder`."""
        known = sorted({cleaned for text in texts if (cleaned := readable(text))})
        chosen = _sample(known, self.most_texts, self.seed)
        counts = ngram_counts(chosen, self.shortest, self.longest)
        there = np.bincount(counts.indices, minlength=FEATURES)
        idf = np.log((1 + len(chosen)) / (1 + there)) + 1
        weights = weighed(counts, idf.astype(np.float32))
        # An n-gram of a single text is no direction that texts share, unless they are few.
        columns = np.flatnonzero(there >= (2 if len(chosen) > _FEW else 1)).astype(np.int32)
        part = weights
        if len(chosen) > self.most_svd_texts:
            part = weights[_places(len(chosen), self.most_svd_texts, self.seed)]
        directions = _directions(part[:, columns], self.svd_components, self.seed)
        return NgramEncoder(self, idf.astype(np.float32), columns, directions, len(known))

    def restored(self, arrays: Arrays) -> NgramEncoder:
        """See :class:`~recollect.cues.contract.EncoderSettings`."""
        try:
            idf, columns, directions = (arrays[n] for n in ("idf", "columns", "directions"))
            fitted = int(arrays["fitted_texts"][0])
        except (KeyError, IndexError) as error:
            raise ParameterError("these arrays are not those of an n-gram encoder") from error
        sound = (
            idf.shape == (FEATURES,)
            and idf.dtype == np.float32
            and columns.ndim == 1
            and columns.dtype == np.int32
            and directions.shape == (len(columns), self.svd_components)
            and directions.dtype == np.float32
            and (not len(columns) or (columns.min() >= 0 and columns.max() < FEATURES))
        )
        if not sound:
            raise ParameterError("these arrays are not those of an n-gram encoder")
        return NgramEncoder(self, idf, columns, directions, fitted)


class NgramEncoder:
    """Texts to keys by the n-grams of a collection; :meth:`NgramSettings.fit` makes one.

    Attributes:
        settings: how it was made.
        idf: ``[n-gram]`` weights.
        columns: the n-grams that the SVD knows.
        directions: ``[column, component]``, orthonormal columns or 0.
        fitted_texts: how many different texts there were.
    """

    def __init__(
        self,
        settings: NgramSettings,
        idf: NDArray[np.float32],
        columns: NDArray[np.int32],
        directions: NDArray[np.float32],
        fitted_texts: int,
    ) -> None:
        self.settings = settings
        self.idf = idf
        self.columns = columns
        self.directions = directions
        self.fitted_texts = fitted_texts

    @property
    def dim(self) -> int:
        """Components of a key."""
        return self.settings.svd_components + self.settings.sketch_components

    def encode(self, texts: Sequence[str]) -> Keys:
        """The keys of texts, ``[text, dim]``."""
        keys = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _BLOCK):
            weights = self.weights(texts[start : start + _BLOCK])
            shared = self._within_columns(weights) @ self._padded_directions
            apart = (weights @ self._sketch).toarray() - shared @ self._sketched_directions
            keys[start : start + _BLOCK] = unit_keys(np.hstack([shared, apart]))
        return keys

    @property
    def exact(self) -> bool:
        """Never: a key has fewer components than there are n-grams."""
        return False

    def compared(self, first: Sequence[str], second: Sequence[str]) -> NDArray[np.float32]:
        """The similarity of each text to the one at its place in the other list, exactly."""
        return compared_by(self.weights, first, second)

    def weights(self, texts: Sequence[str]) -> csr_array:
        """The vectors that keys stand for, ``[text, n-gram]``, of length 1 or 0."""
        cleaned = [readable(text) for text in texts]
        counts = ngram_counts(cleaned, self.settings.shortest, self.settings.longest)
        return weighed(counts, self.idf)

    def strangers(self, texts: Sequence[str]) -> int:
        """How many texts have most of their weight on n-grams that the fit has not seen."""
        count = 0
        for start in range(0, len(texts), _BLOCK):
            weights = self.weights(texts[start : start + _BLOCK])
            unseen = self.idf[weights.indices] >= self._idf_of_unseen
            weights.data = np.where(unseen, weights.data**2, np.float32(0))
            count += int((weights.sum(axis=1) > _STRANGE).sum())
        return count

    def refit_due(self, texts: int, strangers: int = 0) -> bool:
        """When texts are half as many again, or half; or one in twenty is strange."""
        grown = abs(texts - self.fitted_texts)
        return grown > max(_GROWTH * self.fitted_texts, _GROWTH_AT_LEAST) or strangers > max(
            _STRANGERS * self.fitted_texts, _STRANGERS_AT_LEAST
        )

    def arrays(self) -> Arrays:
        """What was learned."""
        return {
            "idf": self.idf,
            "columns": self.columns,
            "directions": self.directions,
            "fitted_texts": np.array([self.fitted_texts]),
        }

    @cached_property
    def _idf_of_unseen(self) -> np.float32:
        counted = min(self.fitted_texts, self.settings.most_texts)
        return np.float32(np.log(1 + counted) + 1) * np.float32(1 - 1e-6)

    @cached_property
    def _sketch(self) -> csr_array:
        return sketch_matrix(FEATURES, self.settings.sketch_components, self.settings.seed)

    @cached_property
    def _sketched_directions(self) -> NDArray[np.float32]:
        """``[SVD component, sketch component]``"""
        return (self._sketch[self.columns].T @ self.directions).T

    @cached_property
    def _padded_directions(self) -> NDArray[np.float32]:
        """The directions, and a row of zeros for all n-grams that they do not know."""
        return np.vstack([self.directions, np.zeros((1, self.directions.shape[1]), np.float32)])

    @cached_property
    def _places_of_columns(self) -> NDArray[np.int32]:
        places = np.full(FEATURES, len(self.columns), np.int32)
        places[self.columns] = np.arange(len(self.columns), dtype=np.int32)
        return places

    def _within_columns(self, weights: csr_array) -> csr_array:
        from scipy.sparse import csr_array

        places = self._places_of_columns[weights.indices]
        shape = (weights.shape[0], len(self.columns) + 1)
        return csr_array((weights.data, places, weights.indptr), shape=shape)


def ngram_counts(texts: Sequence[str], shortest: int, longest: int) -> csr_array:
    """How often each n-gram is in each text, ``[text, n-gram]``; texts are taken as they are."""
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import HashingVectorizer

    if not texts:
        return csr_array((0, FEATURES), dtype=np.float32)
    vectorizer = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(shortest, longest),
        n_features=FEATURES,
        alternate_sign=False,
        lowercase=False,
        norm=None,
        dtype=np.float32,
    )
    return csr_array(vectorizer.transform(texts))


def weighed(counts: csr_array, idf: NDArray[np.float32]) -> csr_array:
    """Vectors of length 1 or 0, ``[text, n-gram]``, from counts and the n-grams' weights."""
    from sklearn.preprocessing import normalize

    weights: Any = counts.copy()
    weights.data = (1 + np.log(weights.data)) * idf[weights.indices]
    return normalize(weights, copy=False) if weights.shape[0] else weights


def compared_by(
    weights: Callable[[Sequence[str]], csr_array], first: Sequence[str], second: Sequence[str]
) -> NDArray[np.float32]:
    """Dot products of texts' vectors, of each with the one at its place in the other list."""
    found = np.zeros(len(first), np.float32)
    for start in range(0, len(first), _BLOCK):
        part = slice(start, start + _BLOCK)
        different = list(dict.fromkeys([*first[part], *second[part]]))
        places = {text: at for at, text in enumerate(different)}
        vectors = weights(different)
        left, right = (vectors[[places[text] for text in side[part]]] for side in (first, second))
        # Of the same text exactly 1, which sums of float32 come close to.
        found[part] = np.minimum(np.round((left * right).sum(axis=1), 6), 1)
    return found


def _directions(weights: csr_array, components: int, seed: int) -> NDArray[np.float32]:
    """Right singular vectors, ``[column, component]``, 0 where there are fewer."""
    from sklearn.utils.extmath import randomized_svd

    there = min(components, *weights.shape)
    directions = np.zeros((weights.shape[1], components), np.float32)
    if there:
        _, _, found = randomized_svd(weights, there, n_iter=2, random_state=seed)
        directions[:, :there] = found.T
    return directions


def _sample(texts: list[str], most: int, seed: int) -> list[str]:
    if len(texts) <= most:
        return texts
    return [texts[at] for at in _places(len(texts), most, seed)]


def _places(count: int, most: int, seed: int) -> NDArray[np.int64]:
    """``most`` of ``count`` places in ascending order, the same with every NumPy."""
    return np.sort(np.random.RandomState(seed).permutation(count)[:most])
