"""The work folder of an evaluation: finished predictions under names that say what they are of.

A file's name is a hash of everything its content depends on, so a stale file is never found
and a finished one is never made again.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import recollect
from recollect.reviews import ReviewLog
from recollect.reviews.atomic import replaced_file

__all__ = [
    "Stored",
    "file_name",
    "load_columns",
    "log_column_hash",
    "save_columns",
    "saved_columns",
    "software_fingerprint",
]

Stored = tuple[dict[str, NDArray[Any]], float]
"""Columns, and the seconds it took to make them."""

_LIBRARIES = ("numpy", "scipy", "jax", "jaxlib", "equinox", "fsrs-rs-python")
_CODE_FOLDERS = ("memory", "recall", "reviews")
_NO_PREDICTIONS = frozenset({"__pycache__", "plots"})
_LOG_COLUMNS = (
    "card_id",
    "review_time_ms",
    "rating",
    "state",
    "duration_ms",
    "day_offset",
    "elapsed_days",
    "elapsed_seconds",
    "note_id",
    "deck_id",
)


def log_column_hash(log: ReviewLog) -> str:
    """Hash of everything in a log that a prediction may depend on.

    The learner's name is not among it. :func:`recollect.reviews.log_fingerprint` is another
    thing: it tells whether two logs are the same answers, and leaves durations and notes out.
    """
    digest = hashlib.sha256()
    for name in _LOG_COLUMNS:
        column = getattr(log, name)
        digest.update(f"{name} {column.dtype} {column.shape};".encode())
        digest.update(np.ascontiguousarray(column).tobytes())
    boundary = log.day_boundary
    digest.update(f"{boundary.time_zone} {boundary.rollover_hour} {log.time_of_day_known}".encode())
    digest.update(repr(log.card_names).encode())  # rows of predictions name cards
    return digest.hexdigest()


def software_fingerprint(*more: str) -> str:
    """Hash of the code and parameter files that predictions come from, and library versions.

    A change to any of them makes earlier predictions stale; hashing the files notices also
    changes that did not touch a version number.

    Args:
        more: further files and folders of the package that count.
    """
    root = Path(recollect.__file__).parent
    digest = hashlib.sha256(recollect.__version__.encode())
    for place in (*_CODE_FOLDERS, *more):
        inside = sorted((root / place).rglob("*")) if (root / place).is_dir() else [root / place]
        for path in inside:
            if path.is_file() and not _NO_PREDICTIONS.intersection(path.parts):
                digest.update(str(path.relative_to(root)).encode())
                digest.update(path.read_bytes())
    for library in _LIBRARIES:
        try:
            digest.update(f"{library} {version(library)};".encode())
        except PackageNotFoundError:
            digest.update(f"{library} absent;".encode())
    return digest.hexdigest()


def file_name(identity: Mapping[str, Any]) -> str:
    """Name of the file that holds what ``identity`` (JSON-like) describes."""
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:40] + ".npz"


def save_columns(path: Path, columns: Mapping[str, NDArray[Any]], seconds: float) -> None:
    """Write columns and the seconds they took, whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    # NumPy adds .npz to a name without it, so it is given the open file.
    with replaced_file(path) as part, part.open("wb") as file:
        np.savez(file, seconds=np.float64(seconds), **columns)  # type: ignore[arg-type]


def load_columns(path: Path) -> Stored:
    """Read what :func:`save_columns` wrote."""
    # NumPy leaves a damaged file open when it opens the file itself.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        columns = {name: stored[name] for name in stored.files}
    return columns, float(columns.pop("seconds"))


def saved_columns(path: Path) -> Stored | None:
    """What an earlier run left, or None; a damaged file counts as not there."""
    try:
        return load_columns(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
