"""Key-value memories as pure functions on Equinox states.

A memory is a module with ``init``, ``write`` and ``read``; :func:`write` and :func:`read` use it
on many pairs and queries, :func:`retrieve` is the general form ``σ(S(K, q)) V``, and
:func:`capacity` measures what a memory holds.
"""

from recollect.memory.attention import Attention, Slots
from recollect.memory.basins import basin_bits, flip
from recollect.memory.capacity import CapacityReport, capacity, random_pairs
from recollect.memory.causal_attention import causal_attention
from recollect.memory.circuits import (
    Barcodes,
    BehaviouralTimeScale,
    Bipartite,
    HippocampalIndex,
    NeuronAstrocyte,
    ThreeFactor,
)
from recollect.memory.contract import Memory, Readable
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
from recollect.memory.hopfield import BidirectionalHopfield, Hopfield
from recollect.memory.hopfield_dense import DenseHopfield
from recollect.memory.hopfield_dynamics import Recurrent, settle_in_turn
from recollect.memory.hopfield_modern import ModernHopfield
from recollect.memory.hopfield_pseudo_inverse import PseudoInverseHopfield
from recollect.memory.indexed import Indexed
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
from recollect.memory.mesh import MeshScaffold
from recollect.memory.nearest import Found, nearest
from recollect.memory.oja import Oja
from recollect.memory.scaffold import Scaffold, ScaffoldMemory, ScaffoldState
from recollect.memory.scaffold_sequence import recall_sequence
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
from recollect.memory.sparse_distributed import SparseDistributed, radius_for
from recollect.memory.training_errors import (
    Rests,
    Training,
    TrainingErrors,
    final_shares,
    train_recorded,
)
from recollect.memory.vector_hash import GridScaffold

__all__ = [
    "Along",
    "Attention",
    "Barcodes",
    "BehaviouralTimeScale",
    "BidirectionalHopfield",
    "Bipartite",
    "CapacityReport",
    "Cosine",
    "DecayedHebbian",
    "DeltaRule",
    "DenseHopfield",
    "DeterministicParameterFree",
    "Discriminability",
    "Dot",
    "EluPlusOne",
    "Exponential",
    "FeatureMap",
    "Found",
    "GatedDelta",
    "Gaussian",
    "GridScaffold",
    "HippocampalIndex",
    "Hopfield",
    "Identity",
    "Indexed",
    "KalmanDelta",
    "KalmanState",
    "LeastSquares",
    "LeastSquaresState",
    "Linear",
    "Manhattan",
    "Mapped",
    "Memory",
    "MeshScaffold",
    "ModernHopfield",
    "NeuronAstrocyte",
    "Normalised",
    "NormalisedDelta",
    "Oja",
    "Polynomial",
    "PositiveRandom",
    "Power",
    "PseudoInverseHopfield",
    "RandomFourier",
    "Readable",
    "Recollection",
    "Recurrent",
    "Rests",
    "Scaffold",
    "ScaffoldMemory",
    "ScaffoldState",
    "ScalarHebbian",
    "Separation",
    "Similarity",
    "Slots",
    "Softmax",
    "SparseDistributed",
    "Sparsemax",
    "ThreeFactor",
    "Threshold",
    "TopK",
    "Training",
    "TrainingErrors",
    "Unit",
    "accuracy",
    "basin_bits",
    "bits_per_synapse",
    "bits_per_value",
    "capacity",
    "causal_attention",
    "discriminability",
    "fast_weights_along",
    "final_shares",
    "flip",
    "nearest",
    "overlap",
    "radius_for",
    "random_pairs",
    "read",
    "read_traces",
    "recall_sequence",
    "reconstruction_error",
    "retrieve",
    "settle_in_turn",
    "synapses",
    "train_recorded",
    "write",
]
