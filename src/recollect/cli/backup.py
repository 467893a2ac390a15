"""``recollect backup``: the collection as it is now, kept."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recollect.cli._options import PLACE, examples, json_flag
from recollect.cli._outputs import check_output
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from recollect.collection import Backup

__all__ = ["command"]


@click.command(
    "backup",
    epilog=examples(
        "recollect backup",
        "recollect backup /media/stick/collection.zip",
        "recollect backup --list",
    ),
)
@click.argument("file", type=PLACE, required=False, metavar="[FILE.zip]")
@click.option("--list", "listed", is_flag=True, help="Only show the backups that there are.")
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(session: Session, *, file: Path | None, listed: bool, as_json: bool) -> None:
    """Keep the collection as it is now.

    With FILE, write one file that holds everything, pictures and sounds too, to keep elsewhere.
    Without, add one to the backups in the folder beside the collection, as is done before every
    import and change of format; the newest ten of each kind are kept.
    """
    from rich.filesize import decimal

    from recollect.cli._collection import chosen_place, opened_collection
    from recollect.cli._outputs import prepare_outputs, print_json
    from recollect.cli._progress import status
    from recollect.collection import list_backups

    if listed and file is not None:
        raise click.UsageError("--list writes no FILE")
    place = chosen_place(session)
    if listed:
        _show(list_backups(place), as_json)
        return
    check_output(file, "FILE", (".zip",), [] if place.path is None else [place.path])
    with opened_collection(session) as collection, status(session, "Backing up"):
        if file is None:
            path = collection.back_up().path
        else:
            prepare_outputs(file)
            collection.write_backup(file)
            path = file
    size_bytes = path.stat().st_size
    if as_json:
        print_json("backup", {"path": str(path), "size_bytes": size_bytes})
        return
    click.echo(f"{path}: {decimal(size_bytes)}")
    session.note(f"To bring it back: recollect restore {shlex.quote(str(path))}")


def _show(backups: list[Backup], as_json: bool) -> None:
    from rich.filesize import decimal

    from recollect.cli._moments import iso_moment
    from recollect.cli._outputs import print_json
    from recollect.cli._tables import Column, print_table

    if as_json:
        rows = [
            {
                "path": str(backup.path),
                "made_at": iso_moment(backup.made_at_ms),
                "reason": backup.reason,
                "size_bytes": backup.size_bytes,
            }
            for backup in backups
        ]
        print_json("backup", {"backups": rows})
    elif not backups:
        click.echo("There are no backups yet.")
    else:
        print_table(
            [
                Column("made (UTC)", text=True),
                Column("reason", text=True),
                Column("size"),
                Column("file", text=True),
            ],
            [
                [
                    iso_moment(backup.made_at_ms)[:19].replace("T", " "),
                    backup.reason,
                    decimal(backup.size_bytes),
                    str(backup.path),
                ]
                for backup in backups
            ],
        )
