"""Where things are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The program's cache: the user's cache folder of the platform, or ``$RECOLLECT_CACHE``.

    All in it can be deleted at any time; it is made again when needed.
    """
    chosen = os.environ.get("RECOLLECT_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_cache_path("recollect", appauthor=False)
