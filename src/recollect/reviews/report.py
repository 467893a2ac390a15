"""What a reader kept, what it left out, and why: nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

__all__ = ["ReadReport"]

_LEFT_OUT = {
    "manual_entries": "manual entries (rescheduled by hand, no answer given)",
    "reset_entries": "resets of a card to new",
    "before_reset": "reviews from before the card's last reset",
    "before_relearning": "reviews from before the card was learnt anew (reset without an entry)",
    "cramming": "cramming in a filtered deck that does not reschedule",
    "duplicates": "exact duplicates",
}


@dataclass(frozen=True)
class ReadReport:
    """Counts of rows by what became of them.

    ``rows_read == rows_kept + rows_left_out`` always holds. Reports add up with ``+``.

    Attributes:
        source: the file as the user named it.
        rows_read: rows of reviews found in the file.
        rows_kept: rows of the resulting log.
        bad_rows: malformed rows left out, by cause (column and what it should hold).
        manual_entries: entries without an answer (see :mod:`recollect.reviews.rules`).
        reset_entries: entries that set a card back to new.
        before_reset: reviews of a card before its last reset.
        before_relearning: reviews before a card was learnt anew without a reset entry.
        cramming: filtered-deck reviews that do not count.
        duplicates: rows equal to an earlier one in card, time and rating.
        conflicts: rows equal to an earlier one in card and time but not in rating; they are
            kept, in file order, because a coarse clock explains them.
        bad_row_examples: messages for the first few bad rows.
    """

    source: str
    rows_read: int = 0
    rows_kept: int = 0
    bad_rows: Mapping[str, int] = field(default_factory=dict)
    manual_entries: int = 0
    reset_entries: int = 0
    before_reset: int = 0
    before_relearning: int = 0
    cramming: int = 0
    duplicates: int = 0
    conflicts: int = 0
    bad_row_examples: tuple[str, ...] = ()

    @property
    def rows_left_out(self) -> int:
        """All rows that are not in the log."""
        return sum(self.left_out().values())

    def left_out(self) -> dict[str, int]:
        """``{cause: rows}`` for every cause that left a row out."""
        counts = {f"bad row: {cause}": rows for cause, rows in sorted(self.bad_rows.items())}
        counts |= {text: getattr(self, name) for name, text in _LEFT_OUT.items()}
        return {cause: rows for cause, rows in counts.items() if rows}

    def summary(self) -> str:
        """One line, for example ``12 rows read, 10 kept; left out: 2 exact duplicates``."""
        text = f"{self.rows_read} rows read, {self.rows_kept} kept"
        parts = [f"{rows} {cause}" for cause, rows in self.left_out().items()]
        if parts:
            text += "; left out: " + ", ".join(parts)
        if self.conflicts:
            text += f"; kept {self.conflicts} with the card and time of another but another rating"
        return text

    def as_dict(self) -> dict[str, object]:
        """Plain values, as for JSON."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {
            "bad_rows": dict(self.bad_rows),
            "bad_row_examples": list(self.bad_row_examples),
        }

    def __add__(self, other: ReadReport) -> ReadReport:
        causes = [*self.bad_rows, *other.bad_rows]
        numbers = {
            item.name: getattr(self, item.name) + getattr(other, item.name)
            for item in fields(self)
            if item.name not in ("source", "bad_rows", "bad_row_examples")
        }
        return ReadReport(
            source=self.source if self.source == other.source else "several sources",
            bad_rows={c: self.bad_rows.get(c, 0) + other.bad_rows.get(c, 0) for c in causes},
            bad_row_examples=(self.bad_row_examples + other.bad_row_examples)[:5],
            **numbers,
        )
