"""Key-value memories as pure functions on Equinox states."""

from recollect.memory.contract import Memory
from recollect.memory.delta import KalmanDelta, KalmanState, NormalisedDelta, Recollection
from recollect.memory.hebbian import DecayedHebbian, ScalarHebbian, read_traces

__all__ = [
    "DecayedHebbian",
    "KalmanDelta",
    "KalmanState",
    "Memory",
    "NormalisedDelta",
    "Recollection",
    "ScalarHebbian",
    "read_traces",
]
