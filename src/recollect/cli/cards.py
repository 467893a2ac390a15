"""``recollect cards``: search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recollect.cli._card_text import CardTexts
    from recollect.collection import Card
    from recollect.reviews import DayBoundary

__all__ = ["command"]

_SORTS = ("due", "added", "interval", "deck", "field")
_LIMIT = 100


class _QueryCommand(click.Command):
    """A word such as ``-tag:leech`` is part of the query, not a handful of short options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        denied = [arg for arg in args[:end] if _is_denied_term(arg)]
        kept = [arg for arg in args[:end] if not _is_denied_term(arg)]
        return super().parse_args(ctx, [*kept, "--", *denied, *args[end + 1 :]])


def _is_denied_term(argument: str) -> bool:
    return len(argument) > 2 and argument[0] == "-" and argument[1] != "-"


@click.command(
    "cards",
    cls=_QueryCommand,
    epilog=examples(
        "recollect cards 'deck:Kanji is:due'",
        "recollect cards 'tag:verb prop:ivl>30 -is:suspended' --sort interval",
        "recollect cards '\"to be\" or w:sein' --limit 0 --json",
    ),
)
@click.argument("query", nargs=-1, metavar="[QUERY]")
@click.option(
    "--sort",
    type=click.Choice(_SORTS),
    default="due",
    show_default=True,
    help="Order: date, when added, interval, deck's name, or first field.",
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    default=_LIMIT,
    show_default=True,
    help="Show so many at most; 0 for all.",
)
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    query: tuple[str, ...],
    sort: str,
    reverse: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List the cards that a QUERY in Anki's syntax finds; without one, all.

    Put the query in quotation marks, so that your shell leaves it alone.
    """
    from recollect.cli._card_text import CardTexts
    from recollect.cli._collection import opened_collection
    from recollect.cli._progress import status
    from recollect.collection import cards, settings
    from recollect.collection.search import find_cards, parse, pending, refresh

    text = " ".join(query)
    parse(text)  # what cannot be understood is said before anything is opened
    with opened_collection(session) as collection:
        if pending(collection):
            with status(session, "Preparing the texts of new notes for search"):
                refresh(collection)
        with collection.reading() as transaction:
            found = find_cards(transaction, text, sort=sort, descending=reverse)
            shown = cards.get_cards(transaction, found[:limit] if limit else found)
            texts = CardTexts(transaction, shown)
            boundary = settings.get_settings(transaction).day_boundary
            now_ms = transaction.now_ms
    if as_json:
        from recollect.cli._outputs import print_json

        rows = [_as_json(card, texts) for card in shown]
        print_json("cards", {"query": text, "found": len(found), "cards": rows})
        return
    if not found:
        session.note("No card is found.")
        return
    _print(shown, texts, boundary, now_ms)
    if len(shown) < len(found):
        session.note(f"{len(shown):,} of {len(found):,} cards are shown; --limit 0 shows all")


def _print(shown: Sequence[Card], texts: CardTexts, boundary: DayBoundary, now_ms: int) -> None:
    from recollect.cli._card_text import due_text, interval_text, state_text
    from recollect.cli._tables import Column, print_table

    today = boundary.day_of(now_ms)
    print_table(
        [
            Column("card"),
            Column("front", text=True, foldable=True),
            Column("deck", text=True),
            Column("phase", text=True),
            Column("due", text=True),
            Column("interval"),
        ],
        [
            [
                str(card.id),
                texts.front(card),
                texts.deck(card),
                state_text(card, today),
                due_text(card, boundary.zone),
                interval_text(card.interval_days),
            ]
            for card in shown
        ],
    )


def _as_json(card: Card, texts: CardTexts) -> dict[str, Any]:
    from recollect.cli._card_text import day_text
    from recollect.cli._moments import iso_moment

    return {
        "id": card.id,
        "note": card.note_id,
        "front": texts.front(card),
        "deck": texts.deck(card),
        "phase": card.phase,
        "due": None if card.due_day is None else day_text(card.due_day),
        "due_at": None if card.due_at_ms is None else iso_moment(card.due_at_ms),
        "position": card.position,
        "interval_days": card.interval_days,
        "suspended": card.suspended,
        "flag": card.flag,
    }
