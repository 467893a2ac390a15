"""Rows as a file holds them, before and while they are checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recollect.errors import BadRowError, LogFormatError

__all__ = ["EXPECTED", "OPTIONAL", "REQUIRED", "RawRows", "RowChecks", "check_rows", "find_columns"]

REQUIRED = ("card_id", "review_time", "review_rating")
OPTIONAL = ("review_state", "review_duration", "note_id", "deck_id", "user_id")

# The names under which tools write the columns: fsrs-optimizer and ts-fsrs the first,
# py-fsrs and the public Parquet logs the others.
_SPELLINGS = {
    "card_id": ("card_id", "cid"),
    "review_time": ("review_time", "review_datetime"),
    "review_rating": ("review_rating", "rating"),
    "review_state": ("review_state", "state"),
    "review_duration": ("review_duration", "duration"),
    "note_id": ("note_id",),
    "deck_id": ("deck_id",),
    "user_id": ("user_id",),
    "day_offset": ("day_offset",),
    "elapsed_seconds": ("elapsed_seconds",),
}

EXPECTED = {
    "card_id": "a card number",
    "review_time": "ms since 1970 or an ISO 8601 date and time, between 1970 and 2100",
    "review_rating": "1 (Again), 2 (Hard), 3 (Good) or 4 (Easy)",
    "review_state": "0 (new), 1 (learning), 2 (review), 3 (relearning), 4 (filtered) or -1",
    "review_duration": "milliseconds, 0 or more, or -1 where unknown",
    "note_id": "a note number",
    "deck_id": "a deck number",
    "user_id": "the learner's name",
    "day_offset": "a number of days",
    "elapsed_seconds": "a number of seconds",
    "ease": "an answer 0 to 4",
    "type": "a kind of entry 0 to 5",
    "factor": "a whole number",
}

_YEAR_1980_MS = 315_532_800_000
_YEAR_1990_S, _YEAR_2100_S = 631_152_000, 4_102_444_800
_SECONDS_PER = {"seconds": 1, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
_NEARLY_ALL = 0.99
_MAX_DAY = 100_000


@dataclass(frozen=True, eq=False)
class RawRows:
    """Columns of a file under their usual names; row ``i`` is row ``row_number[i]`` of the file.

    Attributes:
        file: the file as the user named it.
        row_number: ``[n]`` 1-based, as an editor shows them.
        columns: ``{name: [n]}``; -1 where an optional value is missing.
        failures: ``{name: {index: what was found}}`` for cells that could not be read.
        broken: ``{index: what was found}`` for rows that have the wrong number of fields.
        spelling: ``{name: name in the file}``.
        numeric_time: ``[n]`` whether the time was a plain number (not ISO 8601).
        learner: ``[n]`` index into ``learner_names``, -1 where missing.
        learner_names: names of the learners; empty when the file does not name any.
        card_names: names of the cards where they are not numbers.
    """

    file: str
    row_number: NDArray[np.int64]
    columns: Mapping[str, NDArray[np.int64]]
    failures: Mapping[str, Mapping[int, object]] = field(default_factory=dict)
    broken: Mapping[int, object] = field(default_factory=dict)
    spelling: Mapping[str, str] = field(default_factory=dict)
    numeric_time: NDArray[np.bool_] | None = None
    learner: NDArray[np.int64] | None = None
    learner_names: tuple[str, ...] = ()
    card_names: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return int(self.row_number.shape[0])


class RowChecks:
    """Collects malformed rows: which, how many by cause, and messages for the first few.

    Attributes:
        bad: ``[n]`` rows found malformed.
        cause: ``[n]`` index into ``causes`` of bad rows.
        causes: one text per cause.
    """

    def __init__(self, file: str, row_number: NDArray[np.int64]) -> None:
        self.file = file
        self.row_number = row_number
        self.bad = np.zeros(row_number.shape[0], dtype=np.bool_)
        self.cause = np.full(row_number.shape[0], -1, dtype=np.int64)
        self.causes: list[str] = []
        self._errors: dict[int, BadRowError] = {}

    def reject(
        self,
        rows: NDArray[np.bool_],
        column: str,
        expected: str,
        found: Callable[[int], object],
    ) -> None:
        """Mark rows malformed; a row that already is keeps its first cause.

        Args:
            rows: ``[n]`` mask.
            column: the column at fault, as the file spells it.
            expected: what it should hold.
            found: row index to what it holds.
        """
        fresh = np.flatnonzero(rows & ~self.bad)
        if not fresh.size:
            return
        self.bad[fresh] = True
        self.cause[fresh] = len(self.causes)
        self.causes.append(f"{column}: expected {expected}")
        for index in fresh[:5].tolist():
            row = int(self.row_number[index])
            self._errors[index] = BadRowError(self.file, row, column, expected, found(index))

    def raise_first(self) -> None:
        """Raise the ``BadRowError`` of the first malformed row, if there is one."""
        if self._errors:
            raise self._errors[min(self._errors)]

    def counts(self, rows: NDArray[np.bool_]) -> dict[str, int]:
        """``{cause: malformed rows}`` among some rows."""
        return dict(Counter(self.causes[cause] for cause in self.cause[rows & self.bad].tolist()))

    def examples(self, rows: NDArray[np.bool_]) -> tuple[str, ...]:
        """Messages of the first few malformed rows among some rows."""
        return tuple(str(self._errors[i]) for i in sorted(self._errors) if rows[i])[:5]


def find_columns(header: Sequence[str], wanted: Iterable[str]) -> dict[str, int]:
    """``{usual name: position}`` of the columns of a header that we know."""
    names = [name.strip().lower() for name in header]
    found = {}
    for usual in wanted:
        spelled = next((name for name in _SPELLINGS[usual] if name in names), None)
        if spelled is not None:
            found[usual] = names.index(spelled)
    return found


def check_rows(raw: RawRows) -> RowChecks:
    """Check every cell; rows are marked, not removed.

    Raises:
        LogFormatError: all times are in a unit other than milliseconds.
    """
    checks = RowChecks(raw.file, raw.row_number)
    if raw.broken:
        checks.reject(
            _mask(len(raw), raw.broken),
            "(all)",
            "as many fields as the header has",
            raw.broken.__getitem__,
        )
    for name, cells in raw.failures.items():
        expected = _expected(raw, name)
        column = raw.spelling.get(name, name)
        checks.reject(_mask(len(raw), cells), column, expected, cells.__getitem__)
    if "review_time" in raw.columns:
        _check_times(raw, checks)
    limits = {"review_rating": (1, 4), "review_state": (-1, 4), "ease": (0, 4), "type": (0, 5)}
    limits |= {"review_duration": (-1, 2**62), "day_offset": (-_MAX_DAY, _MAX_DAY)}
    limits["elapsed_seconds"] = (-1, _MAX_DAY * 86_400)
    for name, (low, high) in limits.items():
        values = raw.columns.get(name)
        if values is not None:
            outside = (values < low) | (values > high)
            _reject_values(raw, checks, outside, name)
    if raw.learner is not None:
        _reject_values(raw, checks, raw.learner < 0, "user_id")
    return checks


def _check_times(raw: RawRows, checks: RowChecks) -> None:
    times = raw.columns["review_time"]
    usable = ~checks.bad
    numeric = usable if raw.numeric_time is None else usable & raw.numeric_time
    _refuse_other_units(raw, times[numeric & (times < _YEAR_1980_MS)], int(usable.sum()))
    _refuse_other_units(raw, times[numeric & (times >= _YEAR_2100_S * 1000)], int(usable.sum()))
    _reject_values(raw, checks, (times < 0) | (times >= _YEAR_2100_S * 1000), "review_time")
    # Logs without dates count from an origin of their own. In a log with dates, however, a
    # stray time before spaced repetition ran on computers is an error (often seconds for ms).
    usable = ~checks.bad
    early = usable & numeric & (times < _YEAR_1980_MS)
    if early.sum() * 2 < usable.sum():
        _reject_values(raw, checks, early, "review_time")


def _refuse_other_units(raw: RawRows, times: NDArray[np.int64], usable: int) -> None:
    """Raise when most times are dates of our age in another unit than the millisecond.

    The size of the numbers decides: as seconds, the years 1990 to 2100 are numbers that as
    milliseconds would be days 7 to 47 of a log without dates, and such a log is refused rather
    than guessed about, unless it has reviews before or after these days as well.
    """
    if times.size * 2 < max(usable, 1):
        return
    for unit, per_second in _SECONDS_PER.items():
        seconds = times // per_second
        likely = (seconds >= _YEAR_1990_S) & (seconds < _YEAR_2100_S)
        if likely.mean() >= _NEARLY_ALL:
            column = raw.spelling.get("review_time", "review_time")
            raise LogFormatError(
                f"{raw.file}: column {column} seems to hold {unit} since 1970 "
                f"(such as {int(times[likely][0])}); give milliseconds or ISO 8601 times"
                + (
                    " (milliseconds without dates: let them count from the first review)"
                    if unit == "seconds"
                    else ""
                )
            )


def _reject_values(raw: RawRows, checks: RowChecks, rows: NDArray[np.bool_], name: str) -> None:
    column = raw.spelling.get(name, name)

    def found(index: int) -> object:
        return int(raw.columns[name][index]) if name in raw.columns else ""

    checks.reject(rows, column, _expected(raw, name), found)


def _expected(raw: RawRows, name: str) -> str:
    if name == "card_id" and raw.card_names is not None:
        return "the name of a card"
    return EXPECTED[name]


def _mask(n: int, cells: Iterable[int]) -> NDArray[np.bool_]:
    mask = np.zeros(n, dtype=np.bool_)
    mask[np.fromiter(cells, dtype=np.int64)] = True
    return mask
