"""The command line, one file a command; modules that begin with ``_`` are what commands share."""

from recollect.cli._application import main

__all__ = ["main"]
