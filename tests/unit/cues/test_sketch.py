"""The random projection: the same everywhere, and true to dot products."""

import hashlib

import numpy as np

from recollect.cues.sketch import BLOCKS, sketch_matrix


def test_each_feature_has_an_entry_in_each_block():
    matrix = sketch_matrix(500, 64, seed=3)
    assert matrix.shape == (500, 64)
    blocks = matrix.indices.reshape(500, BLOCKS) // 8
    np.testing.assert_array_equal(blocks, np.tile(np.arange(BLOCKS), (500, 1)))
    np.testing.assert_allclose(np.abs(matrix.data), 1 / np.sqrt(BLOCKS), rtol=1e-6)
    np.testing.assert_allclose((matrix**2).sum(axis=1), 1, rtol=1e-5)


def test_it_is_the_same_with_every_version_and_machine():
    matrix = sketch_matrix(1_000, 192, seed=0)
    drawn = hashlib.sha256(matrix.indices.astype("<i4").tobytes() + (matrix.data > 0).tobytes())
    assert drawn.hexdigest()[:16] == "ee541c853394e079"
    other = sketch_matrix(1_000, 192, seed=1)
    assert np.mean(matrix.indices == other.indices) < 0.1


def test_signs_and_places_are_even():
    matrix = sketch_matrix(20_000, 64, seed=5)
    assert abs(np.mean(matrix.data > 0) - 0.5) < 0.01
    counts = np.bincount(matrix.indices, minlength=64)
    assert counts.min() > 0.9 * counts.mean()
    assert counts.max() < 1.1 * counts.mean()


def test_dot_products_are_kept_on_average_and_as_closely_as_promised():
    draw = np.random.default_rng(0)
    vectors = np.zeros((400, 3_000))
    for row in vectors:
        row[draw.integers(3_000, size=40)] = draw.normal(size=40)
    vectors[::2] += vectors[1::2]  # half of the pairs are alike
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sketched = vectors @ sketch_matrix(3_000, 192, seed=0).toarray()
    error = sketched @ sketched.T - vectors @ vectors.T
    off = ~np.eye(400, dtype=bool)
    assert abs(error[off].mean()) < 0.005
    assert error[off].std() < 1.1 / np.sqrt(192)
    assert np.diag(error).std() < 1.1 * np.sqrt(2 / 192)
