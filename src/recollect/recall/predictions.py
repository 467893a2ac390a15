"""The table of predictions: everything needed to recompute every figure.

One row a scored review. Columns of the file:

=================  =================================================================
user_id            name of the learner (text)
card_id            card, by number, or by name (text) where logs name cards with words
review_th          row of the review in the learner's log in order of time, from 1
review_time_ms     when, ms since 1970 UTC (or since the log's own origin, without dates)
review_number      see :class:`~recollect.recall.protocol.BinFeatures`
lapses             see :class:`~recollect.recall.protocol.BinFeatures`
elapsed_days       study days since the card's previous review
elapsed_seconds    seconds since the card's previous review
fold               which time-series fold scored it, from 1
outcome            1 recalled, 0 forgotten
p_...              predicted recall, one column a model and mode
=================  =================================================================
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import (
    LogFormatError,
    MissingExtraError,
    NotEnoughDataError,
    OutputError,
    ParameterError,
)
from recollect.recall.metrics import Scores, score
from recollect.recall.protocol import BinFeatures, bin_features, kept_rows
from recollect.recall.task import ScoringTask
from recollect.reviews import ReviewLog
from recollect.reviews.atomic import replaced_file

__all__ = [
    "PredictionTable",
    "iter_predictions",
    "read_predictions",
    "scored_rows_table",
    "scores_of",
    "write_predictions",
]

_PREFIX = "p_"
_ROW_COLUMNS: dict[str, type] = {
    "card_id": np.int64,
    "review_th": np.int64,
    "review_time_ms": np.int64,
    "review_number": np.int64,
    "lapses": np.int64,
    "elapsed_days": np.int64,
    "elapsed_seconds": np.float64,
    "fold": np.int64,
    "outcome": np.bool_,
}
_CHUNK_ROWS = 65_536
_Chunk = tuple[list[str], dict[str, NDArray[Any]]]


@dataclass(frozen=True, eq=False)
class PredictionTable:
    """The scored reviews of one learner, ``[m]`` a column; see the module for each.

    Attributes:
        learner_id: name of the learner.
        card_id: ``int64``, or texts where the log names cards with words.
        probability: ``{"p_...": [m]}`` predicted recall.
    """

    learner_id: str
    card_id: NDArray[Any]
    review_th: NDArray[np.int64]
    review_time_ms: NDArray[np.int64]
    review_number: NDArray[np.int64]
    lapses: NDArray[np.int64]
    elapsed_days: NDArray[np.int64]
    elapsed_seconds: NDArray[np.float64]
    fold: NDArray[np.int64]
    outcome: NDArray[np.bool_]
    probability: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.outcome.shape[0])

    @property
    def features(self) -> BinFeatures:
        """What RMSE(bins) bins by."""
        return BinFeatures(self.elapsed_days, self.review_number, self.lapses)

    def scores(self) -> dict[str, Scores]:
        """All figures of every probability column."""
        return {
            name: score(values, self.outcome, self.features)
            for name, values in self.probability.items()
        }

    def columns(self) -> dict[str, NDArray[Any]]:
        """All columns but the learner's name, in the order of the file."""
        return {name: getattr(self, name) for name in _ROW_COLUMNS} | self.probability


def scored_rows_table(
    log: ReviewLog, task: ScoringTask, max_reviews_per_card: int
) -> PredictionTable:
    """A table of a task's scored rows, without predictions yet.

    Args:
        log: the learner's whole log, which ``review_th`` counts in.
        task: made from that log.
        max_reviews_per_card: the limit that the task was made with.
    """
    rows = task.scored_rows
    features = bin_features(task.log, same_day=task.same_day).at(rows)
    sizes = [fold.test_rows.shape[0] for fold in task.folds]
    return PredictionTable(
        learner_id=log.learner_id,
        card_id=_card_names(task.log)[rows],
        review_th=kept_rows(log, max_reviews_per_card)[rows] + 1,
        review_time_ms=task.log.review_time_ms[rows],
        review_number=features.review_number,
        lapses=features.lapses,
        elapsed_days=features.elapsed_days,
        elapsed_seconds=task.log.elapsed_seconds[rows],
        fold=np.repeat(np.arange(1, len(sizes) + 1, dtype=np.int64), sizes),
        outcome=task.log.recalled[rows],
    )


def scores_of(tables: Iterable[PredictionTable]) -> dict[str, dict[str, Scores]]:
    """All figures, learner → column → scores, from tables made or read."""
    return {table.learner_id: table.scores() for table in tables}


def write_predictions(
    path: str | Path, tables: Iterable[PredictionTable], *, cards_as_text: bool = False
) -> int:
    """Write learners one after the other; the file appears when all are in it.

    Args:
        path: ends in ``.parquet`` (needs the ``parquet`` extra) or ``.csv``.
        tables: all with the same probability columns; consumed one at a time.
        cards_as_text: write numbers of cards as text too; needed where some of the tables name
            cards with words and others with numbers.

    Returns:
        Number of rows written.

    Raises:
        OutputError: another suffix, or the file cannot be written.
        NotEnoughDataError: no table at all.
        ParameterError: tables with different columns, or different kinds of names for cards.
    """
    target = Path(path)
    writers = {".parquet": _write_parquet, ".csv": _write_csv}
    if target.suffix.lower() not in writers:
        raise OutputError(f"{target}: predictions are written as .parquet or .csv; use either")
    with replaced_file(target) as part:
        part.parent.mkdir(parents=True, exist_ok=True)
        return writers[target.suffix.lower()](part, _same_columns(tables, cards_as_text))


def read_predictions(path: str | Path) -> dict[str, PredictionTable]:
    """All tables of a file, by learner. See :func:`iter_predictions` for one at a time."""
    return {table.learner_id: table for table in iter_predictions(path)}


def iter_predictions(path: str | Path) -> Iterator[PredictionTable]:
    """The tables of a file, one learner at a time.

    Raises:
        LogFormatError: the file is missing, damaged, or lacks a column.
    """
    target = Path(path)
    if not target.is_file():
        raise LogFormatError(f"{target}: no such file; give a predictions .parquet or .csv")
    chunks = _read_parquet(target) if target.suffix.lower() == ".parquet" else _read_csv(target)
    done: set[str] = set()
    for learner, columns in _by_learner(chunks):
        if learner in done:
            raise LogFormatError(f"{target}: rows of user_id {learner} are apart; sort by user_id")
        done.add(learner)
        yield PredictionTable(
            learner_id=learner,
            probability={n: v for n, v in columns.items() if n.startswith(_PREFIX)},
            **{name: columns[name] for name in _ROW_COLUMNS},
        )


def _card_names(log: ReviewLog) -> NDArray[Any]:
    """``[n]`` the card of each row as the log's source names it."""
    if log.card_names is None:
        return log.card_id
    return np.array(log.card_names, dtype=np.str_)[log.card_id]


def _same_columns(
    tables: Iterable[PredictionTable], cards_as_text: bool
) -> Iterator[PredictionTable]:
    names: list[str] | None = None
    kind = ""
    for given in tables:
        table = replace(given, card_id=given.card_id.astype(np.str_)) if cards_as_text else given
        if table.card_id.dtype.kind != (kind or table.card_id.dtype.kind):
            raise ParameterError(
                f"learner {table.learner_id} names cards otherwise than the others (words or "
                "numbers); write all as text with cards_as_text"
            )
        kind = table.card_id.dtype.kind
        if names is not None and list(table.probability) != names:
            raise ParameterError(
                f"learner {table.learner_id} has columns {', '.join(table.probability)}, "
                f"others {', '.join(names)}; write tables of the same models"
            )
        names = list(table.probability)
        yield table
    if names is None:
        raise NotEnoughDataError("no learner was scored; there are no predictions to write")


def _write_csv(part: Path, tables: Iterable[PredictionTable]) -> int:
    rows = 0
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for position, table in enumerate(tables):
            columns = table.columns()
            if position == 0:
                writer.writerow(["user_id", *columns])
            values = {**columns, "outcome": table.outcome.astype(np.int8)}
            names = [table.learner_id] * len(table)
            # Python writes floats so that reading gives the same bits back.
            writer.writerows(zip(names, *(v.tolist() for v in values.values()), strict=True))
            rows += len(table)
    return rows


def _write_parquet(part: Path, tables: Iterable[PredictionTable]) -> int:
    arrow, parquet = _pyarrow("writing predictions as Parquet")
    rows = 0
    writer = None
    try:
        for table in tables:
            data = {"user_id": arrow.array([table.learner_id] * len(table), arrow.string())}
            data |= {name: arrow.array(values) for name, values in table.columns().items()}
            block = arrow.table(data)
            writer = writer or parquet.ParquetWriter(part, block.schema)
            writer.write_table(block)
            rows += len(table)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _read_parquet(path: Path) -> Iterator[_Chunk]:
    arrow, parquet = _pyarrow("reading predictions from Parquet")
    try:
        with parquet.ParquetFile(path) as file:
            names = _probability_names(path, file.schema_arrow.names)
            for batch in file.iter_batches(_CHUNK_ROWS):
                learners = [str(name) for name in batch.column("user_id").to_pylist()]
                types = _ROW_COLUMNS | dict.fromkeys(names, np.float64)
                yield (
                    learners,
                    {
                        name: _typed(batch.column(name).to_numpy(zero_copy_only=False), dtype)
                        for name, dtype in types.items()
                    },
                )
    except (arrow.ArrowException, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise LogFormatError(f"{path}: not a readable Parquet file ({first_line})") from error


def _read_csv(path: Path) -> Iterator[_Chunk]:
    try:
        yield from _csv_chunks(path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise LogFormatError(f"{path}: not a readable CSV file ({error})") from error


def _csv_chunks(path: Path) -> Iterator[_Chunk]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        names = _probability_names(path, header)
        at = {name: header.index(name) for name in ["user_id", *_ROW_COLUMNS, *names]}
        while rows := list(islice(reader, _CHUNK_ROWS)):
            first_line = reader.line_num - len(rows) + 1
            for offset, row in enumerate(rows):
                if len(row) != len(header):
                    raise LogFormatError(
                        f"{path}, row {first_line + offset}: {len(row)} cells, "
                        f"{len(header)} expected; the file may be cut off"
                    )
            columns: dict[str, NDArray[Any]] = {}
            for name, dtype in (_ROW_COLUMNS | dict.fromkeys(names, np.float64)).items():
                cells = [row[at[name]] for row in rows]
                found = (
                    _cards(cells) if name == "card_id" else _numbers(path, name, cells, first_line)
                )
                columns[name] = _typed(found, dtype)
            yield [row[at["user_id"]] for row in rows], columns


def _typed(values: NDArray[Any], dtype: type) -> NDArray[Any]:
    """Texts, as names of cards can be, as texts; all else as the wanted type."""
    return values.astype(np.str_ if values.dtype.kind in "OU" else dtype)


def _cards(cells: list[str]) -> NDArray[Any]:
    """Numbers of cards; texts where any of them is not the number's usual way of writing."""
    try:
        numbers = [int(cell) for cell in cells]
    except ValueError:
        return np.array(cells, dtype=np.str_)
    same = all(str(number) == cell for number, cell in zip(numbers, cells, strict=True))
    return np.array(numbers if same else cells)


def _numbers(path: Path, name: str, cells: list[str], first_line: int) -> NDArray[Any]:
    convert = float if name.startswith(_PREFIX) or name == "elapsed_seconds" else int
    try:
        return np.array([convert(cell) for cell in cells])
    except ValueError:
        for offset, cell in enumerate(cells):
            try:
                convert(cell)
            except ValueError:
                raise LogFormatError(
                    f"{path}, row {first_line + offset}, column {name}: {cell!r} is not a number"
                ) from None
        raise


def _probability_names(path: Path, header: list[str]) -> list[str]:
    missing = [name for name in ["user_id", *_ROW_COLUMNS] if name not in header]
    if missing:
        raise LogFormatError(
            f"{path}: column {', '.join(missing)} is missing; is this a predictions file?"
        )
    return [name for name in header if name.startswith(_PREFIX)]


def _by_learner(chunks: Iterable[_Chunk]) -> Iterator[tuple[str, dict[str, NDArray[Any]]]]:
    """Join the chunks of a learner and part those of different ones."""
    current: str | None = None
    parts: list[dict[str, NDArray[Any]]] = []
    for learners, columns in chunks:
        names = np.array(learners, dtype=object)
        starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]]).tolist() if learners else []
        for start, stop in zip(starts, [*starts[1:], len(learners)], strict=True):
            if learners[start] != current and current is not None:
                yield current, _joined(parts)
                parts = []
            current = learners[start]
            parts.append({name: values[start:stop] for name, values in columns.items()})
    if current is not None:
        yield current, _joined(parts)


def _joined(parts: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _pyarrow(purpose: str) -> tuple[Any, Any]:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("parquet", purpose) from error
    return arrow, parquet
