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

from recollect.memory import read
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


def slope(capacities):
    """Of capacity by size, over all runs ``[size, run]``."""
    sizes = np.repeat(SIZES, capacities.shape[1])
    return np.polyfit(sizes, capacities.ravel(), 1)[0]


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


def slots_capacities(choice, runs):
    found = np.zeros((len(SIZES), runs))
    for row, size in enumerate(SIZES):
        run = slots_accuracy(size, choice)
        for seed in range(runs):
            # A list of its own for every length tried, as in the published search.
            found[row, seed] = searched(
                lambda load, run=run, seed=seed: float(run(load, 1000 * seed + load))
            )
    return found


def hopfield_accuracy(size, random, load):
    """Hebbian weights, all neurons at once, until nothing changes."""
    patterns = random.choice([-1.0, 1.0], (load, size))
    weights = patterns.T @ patterns
    active = patterns * (random.random(patterns.shape) < KNOWN)
    for _ in range(100):
        after = np.sign(active @ weights)
        if np.array_equal(after, active):
            break
        active = after
    return np.mean(active == patterns)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "runs", "published", "band"),
    [("sequential", 3, 1.0, 0.1), ("random", 50, 0.16, 0.04)],
)
def test_capacity_of_slots(choice, runs, published, band):
    assert slope(slots_capacities(choice, runs)) == pytest.approx(published, abs=band)


@pytest.mark.slow
def test_capacity_of_a_hopfield_network():
    random = np.random.default_rng(0)
    capacities = np.array(
        [
            [searched(lambda load, n=size: hopfield_accuracy(n, random, load)) for _ in range(50)]
            for size in SIZES
        ]
    )
    assert slope(capacities) == pytest.approx(0.14, abs=0.03)
