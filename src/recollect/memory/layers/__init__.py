"""Layers that learn their keys: projections around the key-value memories of a sequence.

Every layer maps ``[step, dim]`` to ``[step, dim]`` and is causal; ``layer(inputs)`` takes a whole
sequence at once, ``layer.init_state()`` with ``layer.step(state, input)`` or
``layer.run(state, inputs)`` goes on from where it was.
"""

from recollect.memory.layers.associative_recall import AssociativeRecall, RecallBatch
from recollect.memory.layers.delta_net import DeltaNet
from recollect.memory.layers.fast_weight_programmer import FastWeightProgrammer
from recollect.memory.layers.fast_weights import FastWeightLayer, FastWeightState, Writing
from recollect.memory.layers.gated_convolution import GatedConvolution
from recollect.memory.layers.gated_delta_net import GatedDeltaNet
from recollect.memory.layers.heads import Addressed, Heads
from recollect.memory.layers.layer import Layer
from recollect.memory.layers.linear_attention import LinearAttention
from recollect.memory.layers.over_memory import MemoryState, OverMemory
from recollect.memory.layers.self_attention import SelfAttention
from recollect.memory.layers.short_convolution import ShortConvolution

__all__ = [
    "Addressed",
    "AssociativeRecall",
    "DeltaNet",
    "FastWeightLayer",
    "FastWeightProgrammer",
    "FastWeightState",
    "GatedConvolution",
    "GatedDeltaNet",
    "Heads",
    "Layer",
    "LinearAttention",
    "MemoryState",
    "OverMemory",
    "RecallBatch",
    "SelfAttention",
    "ShortConvolution",
    "Writing",
]
