"""How JAX is set up for a command: compiled code is kept on disk between runs."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from recollect.cli._places import cache_folder

__all__ = ["prepare_jax"]


def prepare_jax() -> None:
    """Call before anything that uses JAX is imported.

    The settings are environment variables, so that worker processes inherit them; one that the
    user has set stays as it is. Everything is cached, however quickly it compiled: a command
    runs many small functions once each. Computing is done by the processor unless
    ``JAX_PLATFORMS`` says otherwise, because a log is a long chain of small steps, and because
    several workers cannot share a graphics card's memory.
    """
    settings: dict[str, str | float | int] = {"JAX_PLATFORMS": "cpu"}
    folder = cache_folder() / "compiled"
    with suppress(OSError):  # a read-only place costs time, nothing else
        folder.mkdir(parents=True, exist_ok=True)
        settings |= {
            "JAX_COMPILATION_CACHE_DIR": str(folder),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": 0.0,
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": -1,
        }
    chosen_here = {name for name in settings if name not in os.environ}
    for name in chosen_here:
        os.environ[name] = str(settings[name])
    if "jax" in sys.modules:  # too late for the environment, as in a program that calls us
        import jax

        for name in chosen_here - {"JAX_PLATFORMS"}:
            jax.config.update(name.lower(), settings[name])  # type: ignore[no-untyped-call]
