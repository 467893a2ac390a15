"""Key-value memories as pure functions on Equinox states.

A memory is a module with ``init``, ``write`` and ``read``; :func:`write` and :func:`read` use it
on many pairs and queries, :func:`retrieve` is the general form ``σ(S(K, q)) V``, and
:func:`capacity` measures what a memory holds.
"""

from recollect.memory.attention import Attention, Slots
from recollect.memory.capacity import CapacityReport, capacity, random_pairs
from recollect.memory.causal_attention import causal_attention
from recollect.memory.contract import Memory
from recollect.memory.delta import (
    DeltaRule,
    KalmanDelta,
    KalmanState,
    NormalisedDelta,
    Recollection,
)
from recollect.memory.feature_maps import (
    DeterministicParameterFree,
    EluPlusOne,
    FeatureMap,
    Identity,
    PositiveRandom,
    RandomFourier,
    Unit,
)
from recollect.memory.gated_delta import GatedDelta
from recollect.memory.general import read, retrieve, write
from recollect.memory.hebbian import DecayedHebbian, ScalarHebbian, read_traces
from recollect.memory.least_squares import LeastSquares, LeastSquaresState
from recollect.memory.measures import (
    Discriminability,
    accuracy,
    bits_per_synapse,
    bits_per_value,
    discriminability,
    overlap,
    reconstruction_error,
    synapses,
)
from recollect.memory.oja import Oja
from recollect.memory.separation import (
    Linear,
    Normalised,
    Power,
    Separation,
    Softmax,
    Sparsemax,
    Threshold,
    TopK,
)
from recollect.memory.sequence import Along, fast_weights_along
from recollect.memory.similarity import (
    Cosine,
    Dot,
    Exponential,
    Gaussian,
    Manhattan,
    Mapped,
    Polynomial,
    Similarity,
)

__all__ = [
    "Along",
    "Attention",
    "CapacityReport",
    "Cosine",
    "DecayedHebbian",
    "DeltaRule",
    "DeterministicParameterFree",
    "Discriminability",
    "Dot",
    "EluPlusOne",
    "Exponential",
    "FeatureMap",
    "GatedDelta",
    "Gaussian",
    "Identity",
    "KalmanDelta",
    "KalmanState",
    "LeastSquares",
    "LeastSquaresState",
    "Linear",
    "Manhattan",
    "Mapped",
    "Memory",
    "Normalised",
    "NormalisedDelta",
    "Oja",
    "Polynomial",
    "PositiveRandom",
    "Power",
    "RandomFourier",
    "Recollection",
    "ScalarHebbian",
    "Separation",
    "Similarity",
    "Slots",
    "Softmax",
    "Sparsemax",
    "Threshold",
    "TopK",
    "Unit",
    "accuracy",
    "bits_per_synapse",
    "bits_per_value",
    "capacity",
    "causal_attention",
    "discriminability",
    "fast_weights_along",
    "overlap",
    "random_pairs",
    "read",
    "read_traces",
    "reconstruction_error",
    "retrieve",
    "synapses",
    "write",
]
