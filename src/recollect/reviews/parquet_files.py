"""Reading Parquet logs in the layout of the public data set anki-revlogs-10k.

::

    <root>/revlogs/user_id=N/data.parquet   card_id, day_offset, rating, state, duration,
                                            elapsed_days, elapsed_seconds, sometimes review_time
    <root>/cards/user_id=N/data.parquet     card_id, note_id, deck_id
    <root>/decks/user_id=N/data.parquet     deck_id, parent_id, preset_id

Any level may be named: the root, the ``revlogs`` folder, one learner's folder, or one file.
Files are opened one learner at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from recollect.errors import LogFormatError, MissingExtraError
from recollect.reviews.build import LogReading, ReadOptions, build_logs
from recollect.reviews.cells import is_missing, parse_integers, parse_times
from recollect.reviews.messages import one_line
from recollect.reviews.rows import RawRows, find_columns

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Partition", "find_partitions", "read_parquet_file", "read_partition"]

LAYOUT = "a folder with revlogs/user_id=N/data.parquet, as in anki-revlogs-10k"
TIME_OF_DAY_KEY = b"recollect.time_of_day_known"
_PARTITION = re.compile(r"user_id=(.+)")
_WANTED = (
    *("card_id", "review_time", "review_rating", "review_state", "review_duration"),
    *("note_id", "deck_id", "user_id", "day_offset", "elapsed_seconds"),
)
_OPTIONAL = frozenset(("review_state", "review_duration", "note_id", "deck_id", "elapsed_seconds"))


@dataclass(frozen=True)
class Partition:
    """Where one learner's rows lie.

    Attributes:
        learner_id: N of ``user_id=N``.
        folder: the folder of that name in ``revlogs``.
        cards: the folder of that name in ``cards``; it need not exist.
    """

    learner_id: str
    folder: Path
    cards: Path


def find_partitions(folder: Path) -> list[Partition]:
    """The learners in a folder, by number, without opening any file; empty when it has none."""
    if _PARTITION.fullmatch(folder.resolve().name):
        return [_partition(folder.resolve())] if _files(folder) else []
    inner = folder / "revlogs"
    home = inner if inner.is_dir() else folder
    found = [_partition(child) for child in home.glob("user_id=*") if _files(child)]
    return sorted(found, key=lambda p: (not p.learner_id.isdecimal(), _natural(p.learner_id)))


def read_partition(partition: Partition, options: ReadOptions) -> LogReading:
    """One learner's log.

    Raises:
        LogFormatError: a file is not readable Parquet or lacks columns.
        BadRowError: a malformed row, unless they are to be skipped.
    """
    tables = [_load(path) for path in _files(partition.folder)]
    name = str(partition.folder)
    if len(tables) == 1:
        name = str(_files(partition.folder)[0])
    table = tables[0] if len(tables) == 1 else _concatenate(tables, name)
    # The folder names the learner, whatever a column may say.
    if "user_id" in table.column_names:
        table = table.drop_columns(["user_id"])
    cards = _cards(partition.cards)
    return _readings(table, name, partition.learner_id, options, cards)[partition.learner_id]


def read_parquet_file(path: Path, options: ReadOptions) -> dict[str, LogReading]:
    """The logs in one file: several if it has a ``user_id`` column."""
    resolved = path.resolve()
    if _PARTITION.fullmatch(resolved.parent.name):
        partition = _partition(resolved.parent)
        cards, learner_id = _cards(partition.cards), partition.learner_id
    else:
        cards, learner_id = None, path.stem
    return _readings(_load(path), str(path), learner_id, options, cards)


def _natural(name: str) -> tuple[int, str]:
    return (int(name) if name.isdecimal() else 0, name)


def _partition(folder: Path) -> Partition:
    match = _PARTITION.fullmatch(folder.name)
    learner_id = unquote(match.group(1)) if match else folder.name
    return Partition(learner_id, folder, folder.parent.parent / "cards" / folder.name)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _load(path: Path) -> pa.Table:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("parquet", "reading Parquet logs") from error
    try:
        # Opened as a file of its own: read_table would take "user_id=N" for a partition column.
        with pq.ParquetFile(path) as file:
            return file.read()
    except PermissionError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise LogFormatError(f"{path}: not readable as Parquet ({one_line(error)})") from error


def _concatenate(tables: list[pa.Table], name: str) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise LogFormatError(f"{name}: its Parquet files do not have the same columns") from error


def _cards(folder: Path) -> pa.Table | None:
    files = _files(folder) if folder.is_dir() else []
    return _concatenate([_load(path) for path in files], str(folder)) if files else None


def _readings(
    table: pa.Table,
    name: str,
    learner_id: str,
    options: ReadOptions,
    cards: pa.Table | None,
) -> dict[str, LogReading]:
    position = find_columns(table.column_names, _WANTED)
    missing = [column for column in ("card_id", "review_rating") if column not in position]
    if "review_time" not in position and "day_offset" not in position:
        missing.append("review_time or day_offset")
    if missing:
        found = one_line(", ".join(table.column_names))
        raise LogFormatError(
            f"{name}: not a review log: column {', '.join(missing)} is missing; "
            f"expected the columns of anki-revlogs-10k, found {found}"
        )
    raw = _raw_rows(table, name, position, options.day_boundary.zone)
    if cards is not None:
        raw = _with_cards(raw, cards)
    known = (table.schema.metadata or {}).get(TIME_OF_DAY_KEY, b"true") != b"false"
    return build_logs(raw, options, learner_id, time_of_day_known=known)


def _raw_rows(table: pa.Table, name: str, position: dict[str, int], zone: ZoneInfo) -> RawRows:
    columns: dict[str, NDArray[np.int64]] = {}
    failures: dict[str, dict[int, object]] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for column, at in position.items():
        arrow = table.column(at)
        if column == "user_id" or (column == "card_id" and _is_text(arrow)):
            columns[column], labels[column], failed = _labels(arrow)
        else:
            columns[column], failed = _numbers(arrow, column, zone)
        if column in _OPTIONAL:
            failed = {i: found for i, found in failed.items() if not _missing(found)}
        if failed:
            failures[column] = failed
    return RawRows(
        file=name,
        row_number=np.arange(1, table.num_rows + 1),
        learner=columns.pop("user_id", None),
        learner_names=labels.get("user_id", ()),
        columns=columns,
        failures=failures,
        spelling={column: table.column_names[at] for column, at in position.items()},
        card_names=labels.get("card_id"),
    )


def _is_text(arrow: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    kind = arrow.type.value_type if pa.types.is_dictionary(arrow.type) else arrow.type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _missing(found: object) -> bool:
    return found is None or is_missing(str(found))


def _numbers(
    arrow: pa.ChunkedArray, column: str, zone: ZoneInfo
) -> tuple[NDArray[np.int64], dict[int, object]]:
    """Any column as int64, -1 where there is no whole number, and what stood there."""
    import pyarrow as pa

    kinds = pa.types
    if column == "review_time" and kinds.is_timestamp(arrow.type):
        arrow = arrow.cast(pa.timestamp("ms", arrow.type.tz), safe=False).cast(pa.int64())
    if kinds.is_integer(arrow.type) and not kinds.is_uint64(arrow.type):
        empty = np.asarray(arrow.is_null().to_numpy())
        values = arrow.fill_null(-1).to_numpy().astype(np.int64)
        return values, dict.fromkeys(np.flatnonzero(empty).tolist())
    # Rare kinds (decimals, texts, floats with gaps) go the way of a CSV's cells.
    found = arrow.to_pylist()
    cells = ["" if cell is None else str(cell) for cell in found]
    if column == "review_time":
        values, _, failed = parse_times(cells, zone)
    else:
        values, failed = parse_integers(cells, fractions=column == "review_duration")
    return values, {index: found[index] for index in failed}


def _labels(
    arrow: pa.ChunkedArray,
) -> tuple[NDArray[np.int64], tuple[str, ...], dict[int, object]]:
    """Values numbered by first appearance, their names, and the rows without one."""
    numbers: dict[str, int] = {}
    found = arrow.to_pylist()
    codes = np.fromiter(
        (-1 if cell is None else numbers.setdefault(str(cell), len(numbers)) for cell in found),
        dtype=np.int64,
        count=len(found),
    )
    return codes, tuple(numbers), dict.fromkeys(np.flatnonzero(codes < 0).tolist())


def _with_cards(raw: RawRows, cards: pa.Table) -> RawRows:
    """Rows with the note and deck of their card, where the table of cards has them."""
    position = find_columns(cards.column_names, ("card_id", "note_id", "deck_id"))
    if "card_id" not in position or not cards.num_rows:
        return raw
    utc = ZoneInfo("UTC")
    column = cards.column(position["card_id"])
    sound = np.ones(cards.num_rows, dtype=np.bool_)
    if raw.card_names is None:
        card_id, failed = _numbers(column, "card_id", utc)
        sound[list(failed)] = False
    else:
        number = {name: at for at, name in enumerate(raw.card_names)}
        card_id = np.array([number.get(str(name), -1) for name in column.to_pylist()], np.int64)
    order = np.flatnonzero(sound)[np.argsort(card_id[sound], kind="stable")]
    look_up = _look_up(card_id[order], raw.columns["card_id"])
    columns = dict(raw.columns)
    for name in ("note_id", "deck_id"):
        if name in position and name not in columns:
            values, _ = _numbers(cards.column(position[name]), name, utc)
            columns[name] = look_up(values[order])
    return replace(raw, columns=columns)


def _look_up(
    keys: NDArray[np.int64], wanted: NDArray[np.int64]
) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """A function from values of sorted keys to values of wanted keys, -1 where there is none."""
    if not keys.size:
        return lambda values: np.full(wanted.shape[0], -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    known = keys[at] == wanted
    return lambda values: np.where(known, values[at], -1)
