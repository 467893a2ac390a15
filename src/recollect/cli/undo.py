"""``recollect undo``: take back what was done last to the collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from recollect.collection import Change

__all__ = ["command"]


@click.command(
    "undo", epilog=examples("recollect undo", "recollect undo --list", "recollect undo --redo")
)
@click.option("--list", "listed", is_flag=True, help="Only show what can be taken back.")
@click.option("--redo", is_flag=True, help="Do again what was taken back last.")
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(session: Session, *, listed: bool, redo: bool, as_json: bool) -> None:
    """Take the last change back: an import, an answer, an edit.

    The last 50 changes can be taken back, one after the other, and done again.
    """
    if listed and redo:
        raise click.UsageError("--list and --redo are two things; run it twice")
    from recollect.cli._collection import opened_collection

    with opened_collection(session) as collection:
        if listed:
            _show(collection.changes(), as_json)
            return
        change = collection.redo() if redo else collection.undo()
    if as_json:
        from recollect.cli._outputs import print_json

        print_json("undo", {"change": None if change is None else _as_json(change)})
    elif change is None:
        click.echo(f"There is nothing to {'do again' if redo else 'take back'}.")
    else:
        click.echo(f"{'Done again' if redo else 'Taken back'}: {change.title}")


def _show(changes: list[Change], as_json: bool) -> None:
    from recollect.cli._moments import iso_moment
    from recollect.cli._outputs import print_json
    from recollect.cli._tables import Column, print_table

    if as_json:
        print_json("undo", {"changes": [_as_json(change) for change in changes]})
    elif not changes:
        click.echo("There is nothing to take back.")
    else:
        print_table(
            [Column("made (UTC)", text=True), Column("change", text=True), Column("", text=True)],
            [
                [
                    iso_moment(change.made_at_ms)[:19].replace("T", " "),
                    change.title,
                    "taken back" if change.undone else "",
                ]
                for change in changes
            ],
        )


def _as_json(change: Change) -> dict[str, Any]:
    from recollect.cli._moments import iso_moment

    return {
        "id": change.id,
        "made_at": iso_moment(change.made_at_ms),
        "title": change.title,
        "undone": change.undone,
    }
