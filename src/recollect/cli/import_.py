"""``recollect import``: cards and their history out of files, into the collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recollect.cli._options import PLACE, examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from recollect.anki import ImportSummary

__all__ = ["command"]


@click.command(
    "import",
    epilog=examples(
        "recollect import Kanji.apkg",
        "recollect import collection.colpkg --dry-run",
        "recollect import words.csv grammar.md --deck Spanish",
        "recollect import --sample",
    ),
)
@click.argument("files", nargs=-1, type=PLACE, metavar="FILE...")
@click.option("--sample", is_flag=True, help="Import the built-in sample deck.")
@click.option(
    "--dry-run", is_flag=True, help="Say what would be added and changed, and write nothing."
)
@click.option(
    "--deck",
    metavar="DECK",
    help="Deck for notes of text files that do not name theirs; levels separated by '::'.",
)
@click.option(
    "--header/--no-header",
    default=None,
    help="Whether the first row of a CSV names its columns. Default: found out.",
)
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    files: tuple[Path, ...],
    sample: bool,
    dry_run: bool,
    deck: str | None,
    header: bool | None,
    as_json: bool,
) -> None:
    """Import cards, and where there is one their history.

    FILE is an Anki package (.apkg, .colpkg) or collection.anki2, a CSV or TSV, or Markdown with
    questions and answers. Importing a file again updates what it brought, and doubles nothing.
    Each file is imported whole or not at all.
    """
    if not files and not sample:
        raise click.UsageError("name a file to import, or pass --sample")
    from recollect.cli._collection import opened_collection
    from recollect.cli._outputs import print_json

    summaries = []
    with opened_collection(session, create=True, only_try=dry_run) as collection:
        from recollect.anki import import_file, import_sample
        from recollect.cli._progress import progress

        for file in files:
            with progress(session, f"Importing {file.name}") as tell:
                summaries.append(
                    import_file(
                        collection, file, deck=deck, header=header, dry_run=dry_run, tell=tell
                    )
                )
            if not as_json:
                _print(summaries[-1])
        if sample:
            with progress(session, "Importing the sample") as tell:
                summaries.append(import_sample(collection, deck=deck, dry_run=dry_run, tell=tell))
            if not as_json:
                _print(summaries[-1])
    if as_json:
        print_json("import", {"imports": [summary.as_json() for summary in summaries]})


def _print(summary: ImportSummary) -> None:
    from recollect.cli._tables import Column, heading, print_table

    heading(f"{summary.source}{' (dry run: nothing was written)' if summary.dry_run else ''}")
    columns = [
        Column("", text=True),
        Column("would be added" if summary.dry_run else "added"),
        Column("updated"),
        Column("unchanged"),
    ]
    rows = [
        (name, f"{tally.added:,}", f"{tally.updated:,}", f"{tally.unchanged:,}")
        for name, tally in summary.tallies.items()
        if tally.added or tally.updated or tally.unchanged
    ]
    print_table(columns, rows)
    for title, reasons in (("Left out", summary.skipped), ("Mended", summary.mended)):
        for reason, count in reasons.most_common():
            click.echo(f"{title}: {count:,} {reason}")
