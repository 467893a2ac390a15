"""What an import did, or would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ImportSummary", "Tally"]


@dataclass
class Tally:
    """How many things of a kind were added, changed, and left as they are."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass
class ImportSummary:
    """What an import did, or would do.

    Attributes:
        source: the file.
        dry_run: whether nothing was written.
        notes: those added, updated, unchanged.
        cards: the same.
        reviews: entries of the log; those that were there are unchanged.
        note_types: the same.
        decks: the same.
        presets: the same.
        media: files; unchanged where name and content were there.
        skipped: what was left out: reason -> how often.
        mended: what was taken in another form than it had: how -> how often.
        change_id: number of the change that undoing takes back; None for a dry run.
        backup: the collection as it was before, unless it was empty.
    """

    source: str
    dry_run: bool = False
    notes: Tally = field(default_factory=Tally)
    cards: Tally = field(default_factory=Tally)
    reviews: Tally = field(default_factory=Tally)
    note_types: Tally = field(default_factory=Tally)
    decks: Tally = field(default_factory=Tally)
    presets: Tally = field(default_factory=Tally)
    media: Tally = field(default_factory=Tally)
    skipped: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    change_id: int | None = None
    backup: Path | None = None

    @property
    def tallies(self) -> dict[str, Tally]:
        """The counts by kind of thing, in the order in which people ask."""
        return {
            "notes": self.notes,
            "cards": self.cards,
            "reviews": self.reviews,
            "decks": self.decks,
            "note types": self.note_types,
            "presets": self.presets,
            "media": self.media,
        }

    @property
    def changes_anything(self) -> bool:
        """Whether anything was, or would be, added or updated."""
        return any(tally.added or tally.updated for tally in self.tallies.values())

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        counts = {name.replace(" ", "_"): vars(tally) for name, tally in self.tallies.items()}
        return {
            "file": self.source,
            "dry_run": self.dry_run,
            **counts,
            "skipped": dict(self.skipped),
            "mended": dict(self.mended),
            "change_id": self.change_id,
            "backup": None if self.backup is None else str(self.backup),
        }
