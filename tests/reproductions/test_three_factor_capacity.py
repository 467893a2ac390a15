"""Capacities of Tyulmankov et al. (NeurIPS 2021), figure 3: about 1.0 N patterns with sequential
slots, 0.16 N with random slots and 0.14 N in a Hopfield network.

Their protocol: random ``±1`` patterns of N components in a network of N hidden neurons; three of
five components of each cue are unknown (0); capacity is the length of list at which 98 % of the
components recalled are right, searched for run by run, and its slope over N is reported. With
random slots each is plastic with chance 4/N. Bands, set beforehand: a tenth either way for
sequential slots, 0.04 for random slots, 0.03 for the Hopfield network.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import Hopfield, read, write
from recollect.memory.circuits import ThreeFactor

SIZES = (20, 40, 80, 160)
CRITERION = 0.98
KNOWN = 0.4


def searched(accuracy):
    """The published search: double while it holds, halve the step back where it does not."""
    low, high = 1, 2
    while low < high:
        if accuracy(high) >= CRITERION:
            low, high = high, 2 * high
        else:
            high = (low + high) // 2
    return high


def slope(found):
    """Of capacity by size, over all runs ``[size, run]``."""
    sizes = np.repeat(SIZES, found.shape[1])
    return np.polyfit(sizes, found.ravel(), 1)[0]


def slots_accuracy(size, choice):
    """A function of a load and a seed: share of components that slots recall."""
    most = 512 if choice == "sequential" else 256
    memory = ThreeFactor(size, size, size, choice)

    @jax.jit
    def run(load, seed):
        of_patterns, of_cues = jax.random.split(jax.random.key(seed))
        patterns = jax.random.rademacher(of_patterns, (most, size), jnp.float32)
        seeded = ThreeFactor(size, size, size, choice, seed=seed.astype(jnp.float32))

        def store(i, state):
            return seeded.write(state, patterns[i], patterns[i])

        state = jax.lax.fori_loop(0, load, store, memory.init())
        known = jax.random.bernoulli(of_cues, KNOWN, patterns.shape)
        right = jnp.sign(read(seeded, state, jnp.where(known, patterns, 0.0))) == patterns
        stored = jnp.arange(most) < load
        return jnp.sum(right * stored[:, None]) / (load * size)

    return run


def capacities(runs_of, runs):
    """Capacity by size and run, ``[size, run]``, of the memories that ``runs_of(size)`` tries."""
    found = np.zeros((len(SIZES), runs))
    for row, size in enumerate(SIZES):
        run = runs_of(size)
        for seed in range(runs):
            # A list of its own for every length tried, as in the published search.
            found[row, seed] = searched(
                lambda load, run=run, seed=seed: float(run(load, 1000 * seed + load))
            )
    return found


def hopfield_accuracy(size):
    """A function of a load and a seed: share of components in which the units come to rest."""
    most = 256
    memory = Hopfield(size)

    @jax.jit
    def run(load, seed):
        of_patterns, of_cues = jax.random.split(jax.random.key(seed))
        patterns = jax.random.rademacher(of_patterns, (most, size), jnp.float32)
        stored = (jnp.arange(most) < load)[:, None]
        kept = jnp.where(stored, patterns, 0.0)  # a pattern of 0 changes no weight
        state = write(memory, memory.init(), kept, kept)
        known = jax.random.bernoulli(of_cues, KNOWN, patterns.shape)
        found = read(memory, state, jnp.where(known, kept, 0.0))
        return jnp.sum((found == patterns) & stored) / (load * size)

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "runs", "published", "band"),
    [("sequential", 3, 1.0, 0.1), ("random", 50, 0.16, 0.04)],
)
def test_capacity_of_slots(choice, runs, published, band):
    found = capacities(lambda size: slots_accuracy(size, choice), runs)
    assert slope(found) == pytest.approx(published, abs=band)


@pytest.mark.slow
def test_capacity_of_a_hopfield_network():
    assert slope(capacities(hopfield_accuracy, 50)) == pytest.approx(0.14, abs=0.03)
