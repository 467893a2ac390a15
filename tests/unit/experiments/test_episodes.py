"""The analytic memory of people against sums written out by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.experiments.models.episodes import SCALES_DAYS, EpisodicMemory, Traces

MEMORY = EpisodicMemory(
    choice=1.7, decay=0.12, surprise=0.8, item_spread=0.6, immediacy=1.1, retrieval_tilt=0.7
)


def retained_by_hand(memory: EpisodicMemory, elapsed_days: float) -> float:
    weights = [
        scale**-memory.decay * (math.exp(memory.immediacy) if scale * 86_400 < 15 else 1.0)
        for scale in SCALES_DAYS
    ]
    return sum(
        weight / sum(weights) * math.exp(-elapsed_days / scale)
        for weight, scale in zip(weights, SCALES_DAYS, strict=True)
    )


@pytest.mark.parametrize("elapsed_days", [0.0, 1e-4, 0.3, 40.0, 4000.0])
def test_what_is_retained_is_a_mixture_of_exponentials(elapsed_days: float) -> None:
    found = float(MEMORY.retained(jnp.asarray(elapsed_days)))
    assert found == pytest.approx(retained_by_hand(MEMORY, elapsed_days), rel=1e-5)


def test_strengths_are_sums_over_traces() -> None:
    random = np.random.default_rng(1)

    def unit(*shape: int) -> np.ndarray:
        drawn = random.normal(size=shape)
        return drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)

    cues, contexts, strengths = unit(6, 5), unit(6, 3), random.uniform(0.5, 2, 6)
    values, written = np.eye(3)[[0, 1, 2, 0, 1, 0]], random.uniform(0, 9, 6)
    cue, context, now = unit(5), unit(3), 10.0
    traces = Traces(*map(jnp.asarray, (cues, contexts, values, strengths, written)))
    found = MEMORY.strengths(traces, jnp.asarray(cue), jnp.asarray(context), now)
    by_hand = np.zeros(3)
    for n in range(6):
        match = MEMORY.cue_sharpness * (cues[n] @ cue - 1)
        match += MEMORY.context_sharpness * (contexts[n] @ context - 1)
        left = retained_by_hand(MEMORY, now - written[n])
        by_hand += strengths[n] * math.exp(match) * left * values[n]
    np.testing.assert_allclose(found, by_hand, rtol=2e-5)


def test_fast_weights_of_a_pair_are_the_sum_of_its_traces() -> None:
    memory = EpisodicMemory(surprise=0.0)
    times, gains = [0.0, 0.5, 3.0], [1.0, 0.4, 0.7]
    weights, before = memory.fresh(), 0.0
    for time, gain in zip(times, gains, strict=True):
        weights = memory.studied(memory.faded(weights, jnp.asarray(time - before)), gain)
        before = time
    found = memory.strength(memory.faded(weights, jnp.asarray(10.0 - before)))
    by_hand = sum(
        gain * retained_by_hand(memory, 10.0 - time)
        for time, gain in zip(times, gains, strict=True)
    )
    np.testing.assert_allclose(found, by_hand, rtol=2e-5)


def test_recall_is_the_choice_rule_averaged_over_items() -> None:
    target, rivals = 0.3, (0.2, 0.1)
    together = float(MEMORY.together(jnp.asarray(rivals)))
    found = float(MEMORY.recalled(jnp.asarray(target), together))
    drawn = target * np.exp(0.6 * np.random.default_rng(0).normal(size=400_000))
    against = sum(rival**1.7 for rival in rivals) + MEMORY.noise**1.7
    by_hand = (drawn**1.7 / (drawn**1.7 + against)).mean()
    assert found == pytest.approx(by_hand, abs=0.002)


def test_an_event_writes_the_less_the_more_it_was_expected() -> None:
    once = MEMORY.studied(MEMORY.fresh())
    written = MEMORY.studied(once) - once
    error = (1 - MEMORY.found(MEMORY.strength(once))) ** MEMORY.surprise
    np.testing.assert_allclose(written, jnp.broadcast_to(error[:, None], written.shape), rtol=1e-5)
    assert (np.diff(error) < 0).all()


def test_a_retrieval_writes_to_slow_contexts() -> None:
    once = MEMORY.studied(MEMORY.fresh())
    ratio = (MEMORY.retrieved(once) - once) / (MEMORY.studied(once) - once)
    np.testing.assert_allclose(ratio[:, 0], math.exp(-0.7), rtol=1e-4)
    np.testing.assert_allclose(ratio[:, -1], math.exp(0.7), rtol=1e-4)


def test_a_test_with_feedback_is_the_mean_of_finding_and_being_shown() -> None:
    once = MEMORY.studied(MEMORY.fresh())
    found = MEMORY.found(MEMORY.strength(once))[:, None]
    mean = found * MEMORY.retrieved(once) + (1 - found) * MEMORY.studied(once)
    np.testing.assert_allclose(MEMORY.tested(once), mean, rtol=1e-5)


def test_slopes_are_numbers_where_nothing_was_written() -> None:
    def recalled(choice: jax.Array, gain: jax.Array) -> jax.Array:
        memory = EpisodicMemory(choice=choice)
        weights = memory.studied(memory.studied(memory.fresh(), gain), gain)
        return memory.over_items(memory.found(memory.strength(weights)))

    slopes = jax.grad(recalled, (0, 1))(jnp.asarray(0.4), jnp.asarray(0.0))
    assert np.isfinite(slopes).all()
