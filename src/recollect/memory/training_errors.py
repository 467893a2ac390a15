"""A trained linear layer as a key-value memory of its training errors.

Gradient descent adds to the weights, for every training example, the outer product of what came
into the layer and the error at its output. So the trained layer is its first weights and a memory
read by unnormalised dot-product attention, with the inputs of training as keys and the errors,
scaled by the learning rate and negative, as values:

    y = W₀ᵀ x + Σᵢ (xᵢ · x) eᵢ,   eᵢ = -η ∂L/∂yᵢ

This is an identity, not an approximation. It holds for plain gradient descent, and with momentum
or decoupled weight decay, where each value is scaled by its share in the final weights: with
learning rates ηₜ, momentum μ and decay λ a gradient of step s counts for

    cₛ = Σₜ≥ₛ ηₜ μ^(t-s) Πᵤ>ₜ (1 - ηᵤ λ)

and the first weights for Πᵤ (1 - ηᵤ λ). It does not hold for optimisers that scale every weight's
gradient on its own, such as Adam, whose steps are no sums of outer products.

References:
    K. Irie, R. Csordás, J. Schmidhuber, The dual form of neural networks revisited, ICML 2022.
    M. A. Aizerman, E. M. Braverman, L. I. Rozonoer, Theoretical foundations of the potential
    function method in pattern recognition learning, Automation and Remote Control 25 (1964).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from recollect.errors import ParameterError
from recollect.memory.general import retrieve

__all__ = ["Rests", "Training", "TrainingErrors", "final_shares", "train_recorded"]

Model = TypeVar("Model", bound=eqx.Module)


class Rests(NamedTuple):
    """The training examples that one output rests on most.

    Attributes:
        examples: ``[k]`` which they are, the largest effect either way first.
        contributions: ``[k]`` what each adds to the output, over all times it was seen.
        attention: ``[k]`` what their keys were alike to the query, summed over these times.
    """

    examples: Int[Array, " k"]
    contributions: Float[Array, " k"]
    attention: Float[Array, " k"]


class TrainingErrors(eqx.Module):
    """The dual form of a linear layer: where it began, and every training example since.

    An offset of the layer is a weight on an input that is always 1.

    Attributes:
        initial: ``[input, output]`` first weights, as far as they are left; the offset last.
        keys: ``[n, input]`` what came into the layer, one row for each time an example was seen.
        values: ``[n, output]`` the negative error at its output, scaled as above.
        examples: ``[n]`` which example it was.
        example_count: how many different examples there are.
        offset: whether the layer has an offset.
    """

    initial: Float[Array, "input output"]
    keys: Float[Array, "n input"]
    values: Float[Array, "n output"]
    examples: Int[Array, " n"]
    example_count: int = eqx.field(static=True)
    offset: bool = eqx.field(static=True)

    def weights(self) -> Float[Array, "input output"]:
        """The primal form: the weights that training arrived at, an offset in the last row."""
        return self.initial + self.keys.T @ self.values

    def read(self, query: Float[Array, " query"]) -> Float[Array, " output"]:
        """What the trained layer makes of an input: first weights, and attention to the rest."""
        asked = self._asked(query)
        return asked @ self.initial + retrieve(self.keys, self.values, asked)

    def attention(self, query: Float[Array, " query"]) -> Float[Array, " n"]:
        """How alike every stored input is to this one, ``[n]``; not normalised."""
        return self.keys @ self._asked(query)

    def contributions(self, query: Float[Array, " query"]) -> Float[Array, "example output"]:
        """What each example adds to the outputs, ``[example, output]``.

        Their sum and what the first weights give is the output of the layer.
        """
        parts = self.attention(query)[:, None] * self.values
        return jax.ops.segment_sum(parts, self.examples, self.example_count)

    def rests_on(self, query: Float[Array, " query"], output: int, count: int = 10) -> Rests:
        """The examples that one output for an input rests on most.

        Args:
            query: input of the layer.
            output: which of its outputs.
            count: how many examples; fewer where there are fewer.

        Raises:
            ParameterError: there is no such output.
        """
        outputs = self.values.shape[-1]
        if not 0 <= output < outputs:
            raise ParameterError(f"no output {output}; there are {outputs}, from 0 on")
        added = self.contributions(query)[:, output]
        _, most = jax.lax.top_k(jnp.abs(added), min(count, self.example_count))
        alike = jax.ops.segment_sum(self.attention(query), self.examples, self.example_count)
        return Rests(most, added[most], alike[most])

    def _asked(self, query: Float[Array, " query"]) -> Float[Array, " input"]:
        return jnp.append(query, jnp.ones((), query.dtype)) if self.offset else query


class Training(NamedTuple):
    """A model that was trained, and the record of one of its layers.

    Attributes:
        model: as it is after training.
        losses: ``[step]`` mean loss of each batch before its step.
        errors: dual form of the layer.
    """

    model: Any
    losses: Float[Array, " step"]
    errors: TrainingErrors


def final_shares(
    rates: Float[Array, " step"], momentum: float = 0.0, weight_decay: float = 0.0
) -> tuple[Float[Array, ""], Float[Array, " step"]]:
    """What is left of the first weights, and what a gradient of each step counts for in the end.

    Args:
        rates: η of each step.
        momentum: μ, share of the last step's direction that is kept.
        weight_decay: λ, decoupled: each step takes ``η λ`` of the weights away.
    """

    def back(later: tuple[Array, Array], rate: Array) -> tuple[tuple[Array, Array], Array]:
        left, share = later
        share = rate * left + momentum * share
        return (left * (1.0 - rate * weight_decay), share), share

    start = (jnp.ones((), rates.dtype), jnp.zeros((), rates.dtype))
    (left, _), shares = jax.lax.scan(back, start, rates, reverse=True)
    return left, shares


def train_recorded(
    model: Model,
    where: Callable[[Model], eqx.nn.Linear],
    loss: Callable[[Model, Any, Any], Float[Array, ""]],
    inputs: Any,
    targets: Any,
    *,
    rate: float | Float[Array, " step"],
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    examples: Int[Array, "step batch"] | None = None,
) -> Training:
    """Train a model by gradient descent, and record one of its linear layers on the way.

    All inputs and errors of the layer are kept: ``step · batch · (input + output)`` numbers.

    Args:
        model: any Equinox module.
        where: picks the layer; it may be a hidden one.
        loss: of one example, ``loss(model, input, target)``; a batch has the mean.
        inputs: a PyTree of ``[step, batch, ...]``.
        targets: likewise.
        rate: learning rate, one or one a step.
        momentum: of the direction.
        weight_decay: decoupled.
        examples: which example each is, numbers from 0 on, so that what comes again is taken
            together; each its own by default.

    Returns:
        The model trained as without a record, the losses, and the dual form of the layer.

    Raises:
        ParameterError: the layer is used more than once for an example, or its weights by the
            loss, so that its steps are not outer products of one input and one error; no layer
            was picked; or there is nothing to train on.
    """
    layer = where(model)
    if not isinstance(layer, eqx.nn.Linear):
        raise ParameterError(f"where must pick an equinox.nn.Linear, not {type(layer).__name__}")
    steps, batch = jax.tree.leaves(inputs)[0].shape[:2]
    if steps == 0 or batch == 0:
        raise ParameterError("training takes 1 step or more, of 1 example or more")
    if examples is not None and (examples.shape != (steps, batch) or int(examples.min()) < 0):
        raise ParameterError(f"examples are numbers from 0 on, [{steps}, {batch}] of them")
    rates = jnp.broadcast_to(jnp.asarray(rate, layer.weight.dtype), (steps,))
    descent = _Descent(where, loss, momentum, weight_decay)
    trained, (losses, keys, errors) = descent.run(model, rates, inputs, targets)
    left, shares = final_shares(rates, momentum, weight_decay)
    which = jnp.arange(steps * batch) if examples is None else examples.reshape(-1)
    kept = TrainingErrors(
        initial=left * _primal(layer),
        keys=_with_one(layer, keys).reshape(steps * batch, -1),
        values=(-shares[:, None, None] * errors).reshape(steps * batch, -1),
        examples=which,
        example_count=int(np.max(np.asarray(which), initial=-1)) + 1,
        offset=layer.bias is not None,
    )
    _check(kept.weights(), _primal(where(trained)), _primal(layer), steps)
    return Training(trained, losses, kept)


def _primal(layer: eqx.nn.Linear) -> Float[Array, "input output"]:
    """Weights ``[input, output]``, an offset in the last row."""
    if layer.bias is None:
        return layer.weight.T
    return jnp.concatenate([layer.weight.T, jnp.atleast_1d(layer.bias)[None]])


def _with_one(layer: eqx.nn.Linear, keys: Float[Array, "*n key"]) -> Float[Array, "*n input"]:
    if layer.bias is None:
        return keys
    return jnp.concatenate([keys, jnp.ones_like(keys[..., :1])], axis=-1)


def _check(found: Array, trained: Array, before: Array, steps: int) -> None:
    """The two forms must agree; what differs is more than rounding only if the record is wrong."""
    moved = float(jnp.max(jnp.abs(trained - before)))
    size = moved + float(jnp.max(jnp.abs(before)))
    apart = float(jnp.max(jnp.abs(found - trained)))
    rounding = 2.0 * steps * size * float(jnp.finfo(trained.dtype).eps)  # type: ignore[no-untyped-call]
    # Not a number passes: training that blew up is no fault of the record.
    if apart > 1e-2 * moved + rounding:
        raise ParameterError(
            f"the record differs from the trained weights by {apart:.2g}: the layer is used more "
            "than once for an example, or the loss reads its weights; pick one that is used once"
        )


class _Watched(eqx.Module):
    """A linear layer that tells its input and the error at its output as slopes of two zeros."""

    layer: eqx.nn.Linear
    tape: Float[Array, " input"]
    probe: Float[Array, " output"]

    @property
    def weight(self) -> Array:
        return self.layer.weight

    @property
    def bias(self) -> Array | None:
        return self.layer.bias

    def __call__(self, inputs: Array, *, key: Array | None = None) -> Array:
        found = self.layer(inputs)
        told = _tell(jnp.atleast_1d(inputs), self.tape, self.probe)
        return found + told.reshape(found.shape)


@jax.custom_vjp
def _tell(inputs: Array, tape: Array, probe: Array) -> Array:
    return probe


def _tell_forward(inputs: Array, tape: Array, probe: Array) -> tuple[Array, Array]:
    return probe, inputs


def _tell_backward(inputs: Array, error: Array) -> tuple[Array, Array, Array]:
    # The "slope" of the tape is what came into the layer: a way out of any transformation.
    return jnp.zeros_like(inputs), inputs, error


_tell.defvjp(_tell_forward, _tell_backward)


class _Descent(NamedTuple):
    where: Callable[[Any], eqx.nn.Linear]
    loss: Callable[[Any, Any, Any], Array]
    momentum: float
    weight_decay: float

    def run(
        self, model: Any, rates: Array, inputs: Any, targets: Any
    ) -> tuple[Any, tuple[Array, Array, Array]]:
        """The trained model; losses ``[step]``, inputs and errors ``[step, batch, ...]``."""
        parameters, settings = eqx.partition(model, eqx.is_inexact_array)

        def step(state: tuple[Any, Any], now: tuple[Array, Any, Any]) -> Any:
            weights, direction = state
            rate, batch, aims = now
            value, slope, told = self._slopes(weights, settings, batch, aims)
            direction = jax.tree.map(lambda d, g: self.momentum * d + g, direction, slope)
            kept = 1.0 - rate * self.weight_decay
            weights = jax.tree.map(lambda w, d: kept * w - rate * d, weights, direction)
            return (weights, direction), (value, *told)

        @jax.jit
        def descend(parameters: Any, rates: Array, inputs: Any, targets: Any) -> Any:
            still = jax.tree.map(jnp.zeros_like, parameters)
            return jax.lax.scan(step, (parameters, still), (rates, inputs, targets))

        (parameters, _), record = descend(parameters, rates, inputs, targets)
        return eqx.combine(parameters, settings), record

    def _slopes(
        self, parameters: Any, settings: Any, inputs: Any, targets: Any
    ) -> tuple[Array, Any, tuple[Array, Array]]:
        """Mean loss of a batch and its slopes, by the weights and by what watches the layer."""
        layer = self.where(eqx.combine(parameters, settings))
        count = jax.tree.leaves(inputs)[0].shape[0]
        outputs, dim = layer.weight.shape
        zeros = (
            jnp.zeros((count, dim), layer.weight.dtype),
            jnp.zeros((count, outputs), layer.weight.dtype),
        )

        def mean_loss(parameters: Any, zeros: tuple[Array, Array]) -> Array:
            model = eqx.combine(parameters, settings)

            def one(tape: Array, probe: Array, example: Any, target: Any) -> Array:
                watched = _Watched(self.where(model), tape, probe)
                return self.loss(eqx.tree_at(self.where, model, watched), example, target)

            return jnp.mean(jax.vmap(one)(*zeros, inputs, targets))

        value, (slope, told) = jax.value_and_grad(mean_loss, argnums=(0, 1))(parameters, zeros)
        return value, slope, told
