"""Key-value memories as circuits of the brain, in the contract of every other memory.

Each module says which equations it follows, what maps to what in the brain, and what is a
simplification.
"""

from recollect.memory.circuits.astrocyte import Activity, NeuronAstrocyte
from recollect.memory.circuits.barcodes import Barcodes, BarcodeState
from recollect.memory.circuits.behavioural_time_scale import BehaviouralTimeScale, BinarySynapses
from recollect.memory.circuits.bipartite import Bipartite, Neurons
from recollect.memory.circuits.hippocampal_index import HippocampalIndex, IndexState
from recollect.memory.circuits.three_factor import ThreeFactor, ThreeFactorState

__all__ = [
    "Activity",
    "BarcodeState",
    "Barcodes",
    "BehaviouralTimeScale",
    "BinarySynapses",
    "Bipartite",
    "HippocampalIndex",
    "IndexState",
    "NeuronAstrocyte",
    "Neurons",
    "ThreeFactor",
    "ThreeFactorState",
]
