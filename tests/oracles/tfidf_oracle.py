"""Similarity of texts by character n-grams, in plain Python, from the equations alone.

Weight of an n-gram in a text: (1 + ln count) · (ln((1 + texts) / (1 + texts that have it)) + 1);
similarity: the cosine of the texts' weights. N-grams are of the words' characters with a space at
each end of a word; a word shorter than n counts once, whole with its spaces.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence


def ngrams(text: str, shortest: int, longest: int) -> Counter[str]:
    """The n-grams of a text and how often each is in it."""
    found: Counter[str] = Counter()
    for word in unicodedata.normalize("NFKC", text).casefold().split():
        padded = f" {word} "
        for n in range(shortest, longest + 1):
            if len(padded) <= n:
                found[padded] += 1
                break
            for start in range(len(padded) - n + 1):
                found[padded[start : start + n]] += 1
    return found


class Tfidf:
    """Fitted on different texts in which there is something to read."""

    def __init__(self, texts: Sequence[str], shortest: int = 1, longest: int = 3) -> None:
        self.sizes = shortest, longest
        different = {" ".join(unicodedata.normalize("NFKC", t).casefold().split()) for t in texts}
        known = [ngrams(text, *self.sizes) for text in different - {""}]
        self.texts = len(known)
        self.having = Counter(gram for counts in known for gram in counts)

    def weights(self, text: str) -> dict[str, float]:
        """Each n-gram's weight, of length 1 together."""
        weights = {
            gram: (1 + math.log(count)) * (math.log((1 + self.texts) / (1 + self.having[gram])) + 1)
            for gram, count in ngrams(text, *self.sizes).items()
        }
        length = math.sqrt(sum(weight**2 for weight in weights.values()))
        return {gram: weight / length for gram, weight in weights.items()}

    def similarity(self, first: str, second: str) -> float:
        """The cosine of two texts."""
        one, other = self.weights(first), self.weights(second)
        return sum(weight * other.get(gram, 0.0) for gram, weight in one.items())
