"""``recollect due``: how much becomes due, day by day."""

from __future__ import annotations

import click

from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

__all__ = ["command"]

_MOST_DAYS = 3_650
_BAR_CELLS = 40


@click.command(
    "due",
    epilog=examples(
        "recollect due", "recollect due --days 7 --deck Spanish", "recollect due --days 90 --json"
    ),
)
@click.option(
    "--days",
    type=click.IntRange(1, _MOST_DAYS),
    metavar="N",
    default=30,
    show_default=True,
    help="Study days to show, today included.",
)
@click.option("--deck", metavar="D", help="A deck, with all decks within it. Default: all decks.")
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(session: Session, *, days: int, deck: str | None, as_json: bool) -> None:
    """Tell how many cards become due on each day, if none is late.

    Cards that were due earlier count for today. New cards, daily limits and what the answers to
    come will add are not in it.
    """
    from recollect.cli._collection import chosen_deck, opened_collection
    from recollect.cli._days import iso_day
    from recollect.scheduling.overview import due_by_day

    with opened_collection(session) as collection, collection.reading() as transaction:
        chosen = chosen_deck(transaction, deck)
        found = due_by_day(transaction, days, None if chosen is None else chosen.id)
    today = found[0]
    if as_json:
        from recollect.cli._outputs import print_json

        rows = [{"date": iso_day(day.day), "reviews": day.reviews} for day in found]
        print_json(
            "due",
            {
                "deck": None if chosen is None else chosen.name,
                "today": iso_day(today.day),
                "overdue": today.overdue,
                "learning": today.learning,
                "days": rows,
            },
        )
        return
    from recollect.cli._tables import Column, print_table

    most = max(max(day.reviews for day in found), 1)
    print_table(
        [Column("day", text=True), Column("due"), Column("", text=True)],
        [
            [iso_day(day.day), f"{day.reviews:,}", "█" * round(_BAR_CELLS * day.reviews / most)]
            for day in found
        ],
    )
    total = sum(day.reviews for day in found)
    click.echo(
        f"{total:,} in {days} {'day' if days == 1 else 'days'}; of today's, {today.overdue:,} were "
        f"due earlier; {today.learning:,} more are in learning steps"
    )
