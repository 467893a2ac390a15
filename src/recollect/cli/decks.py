"""``recollect decks``: what there is, and what it holds for today."""

from __future__ import annotations

import click

from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

__all__ = ["command"]


@click.command("decks", epilog=examples("recollect decks", "recollect decks --json"))
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """List the decks with what they hold for today.

    A deck counts all decks within it; new cards and reviews by the daily limits.
    """
    from recollect.cli._collection import opened_collection
    from recollect.scheduling.overview import decks_today

    with opened_collection(session) as collection, collection.reading() as transaction:
        found = decks_today(transaction)
    if as_json:
        from recollect.cli._outputs import print_json

        rows = [
            {
                "id": one.deck.id,
                "name": one.deck.name,
                "new": one.new,
                "learning": one.learning,
                "review": one.review,
                "cards": one.cards,
            }
            for one in found
        ]
        print_json("decks", {"decks": rows})
        return
    from recollect.cli._tables import Column, print_table

    print_table(
        [
            Column("deck", text=True),
            Column("new"),
            Column("learning"),
            Column("review"),
            Column("cards"),
        ],
        [
            [
                "  " * one.deck.name.count("::") + one.deck.name.rpartition("::")[2],
                f"{one.new:,}",
                f"{one.learning:,}",
                f"{one.review:,}",
                f"{one.cards:,}",
            ]
            for one in found
        ],
    )
