"""Importing a package of Anki into a collection: all of it in one transaction, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recollect.anki.media_files import MediaMerge
from recollect.anki.merging_cards import CardMerge, last_reviews_here
from recollect.anki.merging_notes import NoteMerge
from recollect.anki.merging_reviews import merge_reviews
from recollect.anki.merging_types import merge_decks, merge_note_types, merge_presets
from recollect.anki.package import Package, open_package
from recollect.anki.scheduling import first_day
from recollect.anki.summary import ImportSummary
from recollect.collection import (
    Collection,
    Preset,
    Transaction,
    decks,
    notes,
    presets,
    settings,
)

__all__ = ["Tell", "import_package", "import_transaction", "silent", "today_of"]

Tell = Callable[[int, int, str], None]
"""Told how far the work is: done, total, what is being done."""


def silent(done: int, total: int, what: str) -> None:
    """Tells nobody."""


def import_package(
    collection: Collection,
    path: str | os.PathLike[str],
    *,
    dry_run: bool = False,
    tell: Tell = silent,
) -> ImportSummary:
    """Import an .apkg, a .colpkg or a ``collection.anki2`` with all that is in it.

    Notes are the same by guid, cards by note and ordinal, note types by number and fields, decks
    by name, reviews by number; what is there is updated where the package's is newer. The change
    can be undone.

    Args:
        collection: where to import.
        path: the file; it stays untouched.
        dry_run: find out what would happen, and write nothing.
        tell: told of progress.

    Returns:
        What was added, updated, left as it was, or out, and why.

    Raises:
        PackageError: the package cannot be read; nothing was imported.
        CollectionError: the collection cannot be written; nothing was imported.
    """
    file = Path(path)
    summary = ImportSummary(str(file), dry_run)
    with open_package(file) as package, import_transaction(collection, file.name, summary) as t:
        media = MediaMerge(t, collection.place, dry_run)
        try:
            _import(t, package, media, summary, tell)
        except BaseException:
            media.forget()
            raise
    return summary


@contextmanager
def import_transaction(
    collection: Collection, name: str, summary: ImportSummary
) -> Iterator[Transaction]:
    """A transaction for an import, after a backup; a dry run takes all back at its end."""
    if not summary.dry_run:
        summary.backup = _back_up(collection)
    with collection.transaction(f"Import {name}") as transaction:
        yield transaction
        if summary.dry_run:
            transaction.connection.rollback()
            transaction.steps.clear()
        elif transaction.steps:
            summary.change_id = transaction.change_id


def _back_up(collection: Collection) -> Path | None:
    """The collection as it is, unless there is nothing in it yet."""
    with collection.reading() as transaction:
        if not notes.count_notes(transaction):
            return None
    return collection.back_up("import").path


def today_of(transaction: Transaction) -> int:
    """Number of the learner's present day."""
    return settings.get_settings(transaction).day_boundary.day_of(transaction.now_ms)


@dataclass
class _Steps:
    """Adds up the progress of the parts."""

    total: int
    tell: Tell
    done: int = 0

    def __call__(self, more: int, what: str) -> None:
        self.done += more
        self.tell(self.done, self.total, what)


def _import(
    transaction: Transaction,
    package: Package,
    media: MediaMerge,
    summary: ImportSummary,
    tell: Tell,
) -> None:
    total = package.notes_count + package.cards_count + package.reviews_count + len(package.media)
    steps = _Steps(total, tell)
    for file in package.media:
        media.add(file, summary)
        steps(1, "media")
    catalogue = package.catalogue
    types = merge_note_types(transaction, catalogue.note_types, summary)
    preset_of = merge_presets(transaction, catalogue.presets, summary)
    if catalogue.filtered:
        summary.skipped["filtered decks"] += len(catalogue.filtered)
    deck_of = merge_decks(transaction, catalogue, package.decks_with_cards(), preset_of, summary)
    merge = NoteMerge(transaction, types, media.renamed, summary)
    for rows in package.notes():
        merge.merge(rows)
        steps(len(rows), "notes")
    card_merge = CardMerge(
        transaction=transaction,
        notes=merge,
        decks=deck_of,
        preset_of=_presets_of_decks(transaction),
        day_0=first_day(package.created_s, package.creation_offset_minutes),
        today=today_of(transaction),
        last_there=package.last_reviews() if merge.here_before else {},
        last_here=last_reviews_here(transaction) if merge.here_before else {},
        summary=summary,
    )
    for cards in package.cards():
        card_merge.merge(cards)
        steps(len(cards), "cards")
    before = 0
    for done in merge_reviews(transaction, package.reviews(), card_merge.number_of, summary):
        steps(done - before, "reviews")
        before = done


def _presets_of_decks(transaction: Transaction) -> dict[int, Preset]:
    known = {preset.id: preset for preset in presets.list_presets(transaction)}
    return {
        deck.id: known.get(deck.preset_id or 1, known[1]) for deck in decks.list_decks(transaction)
    }
