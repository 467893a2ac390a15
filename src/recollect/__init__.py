"""Recollect: key-value memory, from theory to the next review.

Importing the package loads neither JAX nor any optional dependency; each room
(:mod:`recollect.reviews`, :mod:`recollect.memory`, :mod:`recollect.recall`)
is imported by whoever needs it.
"""

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """The version when it is asked for: looking it up takes most of the time of an import."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("recollect")
