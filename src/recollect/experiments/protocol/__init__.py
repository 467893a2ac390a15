"""What all experiments share: their contract, data, fits, verdicts, running and results."""

from recollect.experiments.protocol.contract import (
    Expected,
    Experiment,
    Findings,
    Fit,
    Source,
    Value,
)
from recollect.experiments.protocol.data import NO_DATA, DataFolder, read_idx, read_table
from recollect.experiments.protocol.fits import (
    Bounds,
    Parameters,
    Prediction,
    binomial_fit,
    least_squares_fit,
    r_squared,
)
from recollect.experiments.protocol.running import Runs

__all__ = [
    "NO_DATA",
    "Bounds",
    "DataFolder",
    "Expected",
    "Experiment",
    "Findings",
    "Fit",
    "Parameters",
    "Prediction",
    "Runs",
    "Source",
    "Value",
    "binomial_fit",
    "least_squares_fit",
    "r_squared",
    "read_idx",
    "read_table",
]
