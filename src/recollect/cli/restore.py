"""``recollect restore``: the collection as it was when a backup was made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recollect.cli._options import PLACE, examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from recollect.collection import Restored

__all__ = ["command"]


@click.command(
    "restore",
    epilog=examples(
        "recollect restore /media/stick/collection.zip",
        "recollect restore --latest",
        "recollect restore collection.zip --collection copy.db",
    ),
)
@click.argument("file", type=PLACE, required=False, metavar="FILE")
@click.option("--latest", is_flag=True, help="The newest backup beside the collection.")
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(session: Session, *, file: Path | None, latest: bool, as_json: bool) -> None:
    """Replace the collection by a backup, made by 'recollect backup' or by itself.

    FILE is examined first; a damaged one changes nothing. The present collection is backed up
    before, or put aside if it is damaged. A backup can also start a collection elsewhere, and move
    one from SQLite to PostgreSQL and back.
    """
    if (file is None) != latest:
        raise click.UsageError(
            "name the backup FILE, or pass --latest; see them with: recollect backup --list"
        )
    from recollect.cli._collection import chosen_place
    from recollect.cli._outputs import print_json
    from recollect.cli._progress import status
    from recollect.collection import list_backups, restore
    from recollect.errors import CollectionError

    place = chosen_place(session)
    if file is None:
        backups = list_backups(place)
        if not backups:
            raise CollectionError(f"{place.backups}: there is no backup; name a FILE")
        file = backups[0].path
    with status(session, f"Restoring {file.name}"):
        restored = restore(place, file)
    if as_json:
        print_json(
            "restore",
            {
                "collection": str(place),
                "file": str(file),
                "notes": restored.notes,
                "cards": restored.cards,
                "reviews": restored.reviews,
                "missing_media": restored.missing_media,
                "former_backup": None if restored.former is None else str(restored.former.path),
                "put_aside": None if restored.put_aside is None else str(restored.put_aside),
            },
        )
        return
    click.echo(
        f"{place}: now as in {file}: {restored.notes:,} notes, {restored.cards:,} cards, "
        f"{restored.reviews:,} reviews"
    )
    _say_what_became_of_the_former(session, restored)


def _say_what_became_of_the_former(session: Session, restored: Restored) -> None:
    if restored.former is not None:
        session.note(f"As it was before: {restored.former.path}")
    if restored.put_aside is not None:
        session.warn(f"the collection that was there is damaged; its file is {restored.put_aside}")
    if restored.missing_media:
        session.warn(
            f"{restored.missing_media:,} pictures and sounds are not in the backup; "
            "see which with: recollect check"
        )
