"""Pictures with labels: MNIST and Fashion-MNIST where given, else scikit-learn's digits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recollect.errors import DataFileError
from recollect.experiments.protocol.data import read_idx

__all__ = ["DIGITS", "FASHION", "MNIST", "Pictures", "Split", "digits", "of_idx", "of_labels"]

MNIST, FASHION = "mnist", "fashion_mnist"
"""Folders of the data sets."""

DIGITS = "scikit-learn's digits, 8 × 8 pixels"
"""What is built in, in words."""

_MOST_GREY = 16.0
_EVERY_FIFTH = 5


class Pictures(NamedTuple):
    """Pictures and what they show.

    Attributes:
        pixels: ``[n, pixel]``, 0 to 1.
        labels: ``[n]``.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.int64]


class Split(NamedTuple):
    """Pictures to learn from and others to be tested on, in the order of their source."""

    learned: Pictures
    tested: Pictures


def of_idx(folder: Path) -> Split:
    """A data set of the MNIST family from its four files, gzipped as they are handed out.

    Raises:
        DataFileError: a file is missing or cannot be read.
    """
    return Split(_of_idx(folder, "train"), _of_idx(folder, "t10k"))


def digits() -> Split:
    """Handwritten digits that come with scikit-learn; every fifth one is for the test."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    every = Pictures((pixels / _MOST_GREY).astype(np.float32), labels.astype(np.int64))
    test = np.arange(len(labels)) % _EVERY_FIFTH == 0
    return Split(
        *(Pictures(every.pixels[chosen], every.labels[chosen]) for chosen in (~test, test))
    )


def of_labels(split: Split, labels: Sequence[int]) -> Split:
    """Only pictures with some labels."""
    chosen = (np.isin(part.labels, labels) for part in split)
    return Split(
        *(Pictures(part.pixels[c], part.labels[c]) for part, c in zip(split, chosen, strict=True))
    )


def _of_idx(folder: Path, part: str) -> Pictures:
    pixels = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    if labels.shape != pixels.shape[:1]:
        raise DataFileError(
            f"{folder}: {part} has {len(pixels)} pictures and labels of the shape {labels.shape}"
        )
    flat = pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)
    return Pictures(flat, labels.astype(np.int64))
