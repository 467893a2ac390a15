"""Experiments: published findings on memory, each a claim that is run and could come out wrong.

Every experiment is one module of this package with an ``EXPERIMENT``;
:mod:`recollect.experiments.registry` lists them and :mod:`recollect.experiments.protocol` is
what they share.
"""

from recollect.experiments.registry import NAMES, experiment, experiments

__all__ = ["NAMES", "experiment", "experiments"]
