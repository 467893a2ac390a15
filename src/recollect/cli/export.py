"""``recollect export``: the collection, or a deck of it, as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recollect.cli._options import PLACE, examples, json_flag
from recollect.cli._outputs import check_output
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from recollect.anki import ExportSummary

__all__ = ["command"]


@click.command(
    "export",
    epilog=examples(
        "recollect export all.apkg --with-history",
        "recollect export kanji.apkg --deck Languages::Kanji",
        "recollect export notes.csv --csv",
        "recollect export my-log --parquet",
    ),
)
@click.argument("file", type=PLACE, metavar="FILE")
@click.option("--deck", metavar="DECK", help="Only this deck and those within it.")
@click.option(
    "--with-history",
    is_flag=True,
    help="Also when cards are due and the review log; without, cards are new, to give away.",
)
@click.option(
    "--latest",
    is_flag=True,
    help="A package for Anki 2.1.50 and later: smaller. Default: one that every Anki opens.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Notes as CSV (.csv, or .tsv with tabs).")
@click.option(
    "--parquet",
    "as_parquet",
    is_flag=True,
    help="The review log as a folder that recollect evaluate reads.",
)
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    file: Path,
    deck: str | None,
    with_history: bool,
    latest: bool,
    as_csv: bool,
    as_parquet: bool,
    as_json: bool,
) -> None:
    """Write an Anki package, a CSV of the notes, or the review log.

    FILE is written whole or not at all.
    """
    if as_csv and as_parquet:
        raise click.UsageError("--csv and --parquet are two files; run it twice")
    if (as_csv or as_parquet) and (with_history or latest):
        raise click.UsageError("--with-history and --latest are for packages")
    if not as_parquet:
        endings = (".csv", ".tsv", ".txt", ".tab") if as_csv else (".apkg",)
        check_output(file, "FILE", endings, [])
    from recollect.cli._collection import opened_collection
    from recollect.cli._outputs import need_extra, prepare_outputs, print_json
    from recollect.cli._progress import progress

    if as_parquet:
        need_extra("pyarrow", "parquet", "a review log as Parquet")
    with opened_collection(session) as collection:
        from recollect.anki import export_csv, export_package, export_parquet

        prepare_outputs(file)
        with progress(session, f"Writing {file.name}") as tell:
            if as_csv:
                summary = export_csv(collection, file, deck=deck, tell=tell)
            elif as_parquet:
                summary = export_parquet(collection, file, deck=deck)
            else:
                summary = export_package(
                    collection,
                    file,
                    deck=deck,
                    with_history=with_history,
                    latest=latest,
                    tell=tell,
                )
    if as_json:
        print_json("export", {"export": summary})
        return
    _print(summary, session)


def _print(summary: ExportSummary, session: Session) -> None:
    counts = {
        "notes": summary.notes,
        "cards": summary.cards,
        "reviews": summary.reviews,
        "media files": summary.media,
    }
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    click.echo(f"{summary.path}: {said or 'nothing'}")
    if summary.missing_media:
        shown = ", ".join(summary.missing_media[:5])
        count = len(summary.missing_media)
        session.warn(f"{count} media files that notes name are not in the collection: {shown}")
