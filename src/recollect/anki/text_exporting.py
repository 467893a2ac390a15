"""Exporting notes as CSV, and the review log as Parquet."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from recollect.anki.exporting import ExportSummary, chosen_cards
from recollect.anki.importing import Tell, silent
from recollect.collection import Collection, note_types, notes, reviews
from recollect.errors import NotEnoughDataError
from recollect.reviews import ReviewLog, write_parquet
from recollect.reviews.atomic import replaced_file

__all__ = ["export_csv", "export_parquet"]

_LEARNER = "1"
_HEAD_COLUMNS = ("guid", "notetype", "deck", "tags")


def export_csv(
    collection: Collection,
    path: str | os.PathLike[str],
    *,
    deck: str | None = None,
    tell: Tell = silent,
) -> ExportSummary:
    """Write notes as CSV with Anki's directives: guid, note type, deck, tags, then the fields.

    Recollect and Anki read it again and find each note by its guid. The deck is that of a note's
    first card. Scheduling, history and media are not in it.

    Args:
        collection: what to export.
        path: the file; tabs separate where it ends in ``.tsv`` or ``.txt``, commas otherwise.
        deck: only the notes of this deck and those within it.
        tell: told of progress.

    Raises:
        UnknownNameError: there is no such deck.
        OutputError: the file cannot be written.
    """
    target = Path(path)
    by_tabs = target.suffix.lower() in (".tsv", ".txt", ".tab")
    with collection.reading() as transaction, replaced_file(target) as draft:
        ours, cards = chosen_cards(transaction, deck)
        names = {item.id: item.name for item in ours}
        deck_of: dict[int, str] = {}
        for card in sorted(cards, key=lambda card: card.ordinal):
            deck_of.setdefault(card.note_id, names[card.home_deck_id])
        types = {item.id: item.name for item in note_types.list_note_types(transaction)}
        count = 0
        with draft.open("w", encoding="utf-8", newline="") as out:
            out.write(f"#separator:{'tab' if by_tabs else 'comma'}\n#html:true\n")
            for place, name in enumerate(_HEAD_COLUMNS, 1):
                out.write(f"#{name} column:{place}\n")
            writer = csv.writer(out, delimiter="\t" if by_tabs else ",", lineterminator="\n")
            for note in notes.iterate_notes(transaction):
                if note.id not in deck_of:
                    continue
                head = (note.guid, types[note.note_type_id], deck_of[note.id], " ".join(note.tags))
                # What begins with # would be a remark, unless it is in quotes: csv leaves it bare.
                if note.guid.startswith("#") or any("\r" in text for text in note.fields):
                    # What the writer would leave bare, and a reader take for the end of a row.
                    out.write(_quoted(head + note.fields, "\t" if by_tabs else ","))
                else:
                    writer.writerow((*head, *note.fields))
                count += 1
                if count % 1_000 == 0:
                    tell(count, len(deck_of), "notes")
    return ExportSummary(str(target), notes=count, cards=len(cards))


def export_parquet(
    collection: Collection,
    folder: str | os.PathLike[str],
    *,
    deck: str | None = None,
) -> ExportSummary:
    """Write the review log in the layout of anki-revlogs-10k, as ``recollect evaluate`` reads it.

    Args:
        collection: whose log.
        folder: a new or empty folder.
        deck: only reviews of cards that are in this deck or within it.

    Raises:
        UnknownNameError: there is no such deck.
        NotEnoughDataError: there are no reviews.
        OutputError: the folder is not empty, or cannot be written.
        MissingExtraError: without the ``parquet`` extra.
    """
    with collection.reading() as transaction:
        log = reviews.read_review_log(transaction, _LEARNER).log
        if deck is not None:
            _, cards = chosen_cards(transaction, deck)
            log = _only(log, {card.id for card in cards})
    if not len(log):
        raise NotEnoughDataError(
            "there are no reviews to export; study first, or name another deck"
        )
    write_parquet([log], folder)
    return ExportSummary(str(folder), cards=len(set(log.card_id.tolist())), reviews=len(log))


def _only(log: ReviewLog, cards: set[int]) -> ReviewLog:
    return log.select(np.isin(log.card_id, sorted(cards)))


def _quoted(cells: tuple[str, ...], separator: str) -> str:
    return separator.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"
