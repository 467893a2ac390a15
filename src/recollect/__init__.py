"""Recollect: key-value memory, from theory to the next review.

Importing the package loads neither JAX nor any optional dependency; each room
(:mod:`recollect.reviews`, :mod:`recollect.memory`, :mod:`recollect.recall`)
is imported by whoever needs it.
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__: str = version("recollect")
