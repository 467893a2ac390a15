"""Writing review logs: the FSRS tools' CSV, and Parquet in the layout of anki-revlogs-10k."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from recollect.errors import MissingExtraError, OutputError
from recollect.reviews.atomic import replaced_file, replaced_folder
from recollect.reviews.cells import is_missing
from recollect.reviews.log import ReviewLog

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_csv", "write_parquet"]

_YEAR_1980_MS, _YEAR_2100_MS = 315_532_800_000, 4_102_444_800_000
_BLOCK = 65_536


def write_csv(
    logs: ReviewLog | Iterable[ReviewLog],
    path: str | os.PathLike[str],
    *,
    times: Literal["auto", "ms", "iso"] = "auto",
) -> None:
    """Write the FSRS tools' CSV; gzipped when the name ends in ``.gz``.

    Columns that a log knows nothing of are left out, ``note_id`` and ``deck_id`` are added
    where known, and ``user_id`` where several logs are given as an iterable. The CSV has no
    place for study days and for whether times of day are real.

    Args:
        logs: one log, or several.
        path: the file; replaced at once, when all is written.
        times: milliseconds since 1970 (what fsrs-optimizer reads) or ISO 8601 (what py-fsrs
            writes). ``"auto"`` takes ISO 8601 for logs without real dates, whose numbers a
            reader could take for seconds, and milliseconds otherwise.

    Raises:
        OutputError: the file could not be written, or a log holds what a CSV cannot.
    """
    target = Path(path)
    single = isinstance(logs, ReviewLog)
    every: list[ReviewLog] = [logs] if isinstance(logs, ReviewLog) else list(logs)
    for log in every:
        _check_writable(log, target)
    _check_learners(every, target)
    if times == "auto":
        early = any(len(log) and log.review_time_ms[0] < _YEAR_1980_MS for log in every)
        times = "iso" if early else "ms"
    optional = {
        name: any(bool(np.any(getattr(log, field) != -1)) for log in every)
        for name, field in _OPTIONAL_FIELDS.items()
    }
    wanted = [name for name, known in optional.items() if known]
    header = [*([] if single else ["user_id"]), "card_id", "review_time", "review_rating", *wanted]
    with replaced_file(target) as draft, draft.open("wb") as raw:
        # No time stamp in the gzip header: the same logs give the same bytes.
        stream = gzip.GzipFile("", "wb", 6, raw, 0) if target.suffix == ".gz" else raw
        with io.TextIOWrapper(cast(IO[bytes], stream), encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(header)
            for log in every:
                names = [] if single else [log.learner_id]
                writer.writerows(_csv_rows(log, names, wanted, times == "iso"))


_OPTIONAL_FIELDS = {
    "review_state": "state",
    "review_duration": "duration_ms",
    "note_id": "note_id",
    "deck_id": "deck_id",
}


def _csv_rows(
    log: ReviewLog, learner: list[str], wanted: list[str], iso: bool
) -> Iterator[tuple[object, ...]]:
    for start in range(0, len(log), _BLOCK):
        part = slice(start, start + _BLOCK)
        cards: list[object] = log.card_id[part].tolist()
        if log.card_names is not None:
            cards = [log.card_names[int(card)] for card in log.card_id[part]]
        moments = log.review_time_ms[part]
        columns: list[Iterable[object]] = [
            cards,
            _iso_texts(moments) if iso else moments.tolist(),
            log.rating[part].tolist(),
        ]
        for name in wanted:
            values = getattr(log, _OPTIONAL_FIELDS[name])[part].tolist()
            columns.append("" if value == -1 else value for value in values)
        yield from zip(*map(repeat, learner), *columns, strict=False)


def _iso_texts(time_ms: NDArray[np.int64]) -> list[str]:
    texts = np.datetime_as_string(time_ms.astype("datetime64[ms]"), unit="ms")
    return [f"{text}+00:00" for text in texts.tolist()]


def write_parquet(logs: Iterable[ReviewLog], folder: str | os.PathLike[str]) -> None:
    """Write ``revlogs``, ``cards`` and ``decks``, partitioned by ``user_id``.

    The logs are taken and written one at a time. A card has one note and one deck in this
    layout: those of its last review. Whether times of day are real is kept as metadata of the
    file. Presets and parents of decks are not known to a log and stay empty.

    Args:
        logs: logs with different ``learner_id``.
        folder: a new or empty folder; it appears when all is written.

    Raises:
        OutputError: the folder could not be written, or two logs have the same name.
        MissingExtraError: without the ``parquet`` extra.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("parquet", "writing Parquet logs") from error
    target = Path(folder)
    seen: set[str] = set()
    with replaced_folder(target) as draft:
        (draft / "revlogs").mkdir()
        for log in logs:
            _check_writable(log, target)
            if log.learner_id in seen:
                raise OutputError(f"{target}: two logs have the name {log.learner_id!r}")
            seen.add(log.learner_id)
            for table, rows in _tables(log).items():
                # Percent-encoded as Hive does it, so that no name can leave the folder.
                home = draft / table / f"user_id={quote(log.learner_id, safe='')}"
                home.mkdir(parents=True)
                pq.write_table(rows, home / "data.parquet")


def _tables(log: ReviewLog) -> dict[str, pa.Table]:
    import pyarrow as pa

    def names(numbers: NDArray[np.int64]) -> pa.Array:
        if log.card_names is None:
            return pa.array(numbers)
        return pa.array([log.card_names[int(number)] for number in numbers], pa.string())

    revlogs = pa.table(
        {
            "card_id": names(log.card_id),
            "day_offset": log.day_offset,
            "rating": log.rating,
            "state": log.state,
            "duration": log.duration_ms,
            "elapsed_days": log.elapsed_days,
            "elapsed_seconds": np.floor(log.elapsed_seconds).astype(np.int64),
            "review_time": log.review_time_ms,
        }
    )
    known = str(log.time_of_day_known).lower()
    # The first of a card in the reversed log is its last review.
    cards, from_end = np.unique(log.card_id[::-1], return_index=True)
    last = len(log) - 1 - from_end
    decks = np.unique(log.deck_id[last])
    decks = decks[decks != -1]
    return {
        "revlogs": revlogs.replace_schema_metadata({"recollect.time_of_day_known": known}),
        "cards": pa.table(
            {"card_id": names(cards), "note_id": log.note_id[last], "deck_id": log.deck_id[last]}
        ),
        "decks": pa.table(
            {
                "deck_id": decks,
                "parent_id": pa.nulls(decks.size, pa.int64()),
                "preset_id": pa.nulls(decks.size, pa.int32()),
            }
        ),
    }


def _check_writable(log: ReviewLog, target: Path) -> None:
    times = log.review_time_ms
    if len(log) and not (times[0] >= 0 and times[-1] < _YEAR_2100_MS):
        raise OutputError(f"{target}: only times between 1970 and 2100 can be written")
    for label in (log.learner_id, *(log.card_names or ())):
        if is_missing(label) or label != label.strip() or not label.isprintable():
            raise OutputError(f"{target}: the name {label!r} cannot be written")


def _check_learners(logs: list[ReviewLog], target: Path) -> None:
    names = [log.learner_id for log in logs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise OutputError(f"{target}: two logs have the name {repeated[0]!r}")
