"""Keys that are kept between runs, in a file that can be deleted at any time.

The file is an SQLite database of our own, beside nobody's data: what an encoder learned, and keys
in the order in which they were made, each with a check sum of its text. Keys that come later are
added at the end; a fit makes the file anew. A file that is damaged, of another program's making or
of other settings counts as none. Nothing here raises because of the file: without it, work is
done again.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.cues.contract import Arrays, Encoder, EncoderSettings, Keys
from recollect.cues.reading import readable
from recollect.errors import OutputError, ParameterError
from recollect.reviews.atomic import replaced_file

__all__ = ["KeptKeys", "add_kept", "load_kept", "replace_kept", "text_sums"]

_FORMAT = 1
_ROWS = 4_096
_TIMEOUT_S = 5.0
_TABLES = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE arrays (name TEXT PRIMARY KEY, data BLOB NOT NULL)",
    "CREATE TABLE keys (first INTEGER PRIMARY KEY, sums BLOB NOT NULL, keys BLOB NOT NULL)",
)
_LEARNED = "encoder."
_FAILURES = (sqlite3.Error, OSError, OutputError)


@dataclass(frozen=True)
class KeptKeys:
    """Keys of texts, and what made them.

    Attributes:
        encoder: made the keys.
        sums: ``[text]`` check sums of the texts, see :func:`text_sums`.
        keys: ``[text, component]``
        strangers: how many of the texts came after the fit and are strange to it.
        facts: what their user wants to know again, as JSON.
        companions: arrays of their user's.
    """

    encoder: Encoder
    sums: NDArray[np.uint64]
    keys: Keys
    strangers: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    companions: Arrays = field(default_factory=dict)

    def places(self, sums: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Where the texts with these check sums are; -1 for those that are not there."""
        if not len(self.sums):
            return np.full(len(sums), -1, np.int64)
        order = np.argsort(self.sums, kind="stable")
        at = np.minimum(np.searchsorted(self.sums, sums, sorter=order), len(order) - 1)
        found = order[at]
        return np.where(self.sums[found] == sums, found, -1)


def text_sums(texts: Iterable[str]) -> NDArray[np.uint64]:
    """A check sum of 64 bits of what of each text makes its key."""
    digests = (hashlib.blake2b(readable(text).encode(), digest_size=8) for text in texts)
    return np.frombuffer(b"".join(digest.digest() for digest in digests), dtype="<u8").astype(
        np.uint64
    )


def load_kept(path: Path, settings: EncoderSettings) -> KeptKeys | None:
    """What the file holds, if it is whole and of these settings; else None."""
    if not path.is_file():
        return None
    try:
        with closing(_connected(path, read_only=True)) as connection:
            connection.execute("BEGIN")
            about = dict(connection.execute("SELECT name, value FROM about"))
            if about.get("format") != str(_FORMAT) or about.get("encoder") != settings.identity:
                return None
            arrays = {n: _array(b) for n, b in connection.execute("SELECT name, data FROM arrays")}
            rows = connection.execute(
                "SELECT first, sums, keys FROM keys ORDER BY first"
            ).fetchall()
        learned = {n.removeprefix(_LEARNED): a for n, a in arrays.items() if n.startswith(_LEARNED)}
        companions = {n: a for n, a in arrays.items() if not n.startswith(_LEARNED)}
        encoder = settings.restored(learned)
        sums, keys = _joined(rows, encoder.dim)
        return KeptKeys(
            encoder, sums, keys, int(about["strangers"]), json.loads(about["facts"]), companions
        )
    except (*_FAILURES, ParameterError, ValueError, KeyError, TypeError, EOFError):
        return None


def replace_kept(path: Path, settings: EncoderSettings, kept: KeptKeys) -> bool:
    """Write the file anew; whether it could be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_file(path) as draft, closing(_connected(draft)) as connection:
            for table in _TABLES:
                connection.execute(table)
            connection.execute("BEGIN IMMEDIATE")
            about = [("format", str(_FORMAT)), ("encoder", settings.identity)]
            connection.executemany("INSERT INTO about VALUES (?, ?)", about)
            learned = ((_LEARNED + name, array) for name, array in kept.encoder.arrays().items())
            _put_arrays(connection, learned)
            _put_rest(connection, kept)
            _put_keys(connection, kept, 0)
            connection.execute("COMMIT")
    except _FAILURES:
        return False
    return True


def add_kept(path: Path, kept: KeptKeys, known: int) -> bool:
    """Add the keys behind the first ``known`` to the file, and all facts and companions.

    Returns:
        Whether it could be done: not if another program has added to the file meanwhile.
    """
    try:
        with closing(_connected(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            query = "SELECT first, sums, keys FROM keys ORDER BY first DESC LIMIT 1"
            last = connection.execute(query).fetchone()
            if last != (_row(kept, last[0], known) if last else None) or bool(last) != bool(known):
                return False
            _put_rest(connection, kept)
            _put_keys(connection, kept, known)
            connection.execute("COMMIT")
    except _FAILURES:
        return False
    return True


def _connected(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    where = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(where, uri=True, isolation_level=None, timeout=_TIMEOUT_S)
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _put_rest(connection: sqlite3.Connection, kept: KeptKeys) -> None:
    about = [("strangers", str(kept.strangers)), ("facts", json.dumps(dict(kept.facts)))]
    connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about)
    _put_arrays(connection, kept.companions.items())


def _put_arrays(connection: sqlite3.Connection, arrays: Iterable[tuple[str, NDArray[Any]]]) -> None:
    for name, array in arrays:
        connection.execute("INSERT OR REPLACE INTO arrays VALUES (?, ?)", (name, _bytes(array)))


def _put_keys(connection: sqlite3.Connection, kept: KeptKeys, start: int) -> None:
    for first in range(start, len(kept.keys), _ROWS):
        row = _row(kept, first, first + _ROWS)
        connection.execute("INSERT INTO keys VALUES (?, ?, ?)", row)


def _row(kept: KeptKeys, first: int, end: int) -> tuple[int, bytes, bytes]:
    part = slice(first, end)
    sums, keys = kept.sums[part].astype("<u8"), kept.keys[part].astype("<f4")
    return first, sums.tobytes(), keys.tobytes()


def _joined(rows: Sequence[tuple[int, bytes, bytes]], dim: int) -> tuple[NDArray[np.uint64], Keys]:
    sums = np.frombuffer(b"".join(row[1] for row in rows), "<u8").astype(np.uint64)
    keys = np.empty((len(sums), dim), np.float32)
    place = 0
    for first, own_sums, own_keys in rows:
        count = len(own_sums) // 8
        if first != place:
            raise ValueError("keys are missing")
        keys[place : place + count] = np.frombuffer(own_keys, "<f4").reshape(count, dim)
        place += count
    return sums, keys


def _bytes(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _array(data: bytes) -> NDArray[Any]:
    return np.load(io.BytesIO(data), allow_pickle=False)
