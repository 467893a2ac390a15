"""``recollect cards``: search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from recollect.cli._keys import collection_keys, encoder_option
from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recollect.cli._card_text import CardTexts
    from recollect.collection import Card, Transaction
    from recollect.collection.search import Extensions, Node
    from recollect.reviews import DayBoundary

__all__ = ["command"]

_SORTS = ("due", "added", "interval", "deck", "field", "similar")
_SIMILAR = "similar"
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
        "recollect cards 'deck:Kanji is:due similar:大' --sort similar",
    ),
)
@click.argument("query", nargs=-1, metavar="[QUERY]")
@click.option(
    "--sort",
    type=click.Choice(_SORTS),
    default="due",
    show_default=True,
    help="Order: date, when added, interval, deck's name, first field, or how similar cards are "
    "to what similar: names.",
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
@encoder_option
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
    encoder: str | None,
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
    from recollect.collection.search.extensions import NO_EXTENSIONS

    text = " ".join(query)
    # What cannot be understood is said before anything is opened.
    sought = _sought(parse(text, extra=(_SIMILAR,)))
    if sort == _SIMILAR and not sought:
        raise click.UsageError("--sort similar needs similar: in the query")
    with opened_collection(session) as collection:
        if pending(collection):
            with status(session, "Preparing the texts of new notes for search"):
                refresh(collection)
        with collection.reading() as transaction:
            extensions = NO_EXTENSIONS
            if sought:
                from recollect.collection.keys import similar_term

                extensions = similar_term(collection_keys(session, transaction, encoder))
            found = find_cards(
                transaction, text, sort=sort, descending=reverse, extensions=extensions
            )
            alike = _alike(transaction, sought, extensions)
            shown = cards.get_cards(transaction, found[:limit] if limit else found)
            texts = CardTexts(transaction, shown)
            boundary = settings.get_settings(transaction).day_boundary
            now_ms = transaction.now_ms
    if as_json:
        from recollect.cli._outputs import print_json

        rows = [_as_json(card, texts, alike) for card in shown]
        print_json("cards", {"query": text, "found": len(found), "cards": rows})
        return
    if not found:
        session.note("No card is found.")
        return
    _print(shown, texts, boundary, now_ms, alike)
    if len(shown) < len(found):
        session.note(f"{len(shown):,} of {len(found):,} cards are shown; --limit 0 shows all")


def _sought(node: Node) -> list[str]:
    """What ``similar:`` names in a query."""
    from recollect.collection.search.nodes import Extra, leaves

    return [leaf.text for leaf in leaves(node) if isinstance(leaf, Extra)]


def _alike(
    transaction: Transaction, sought: list[str], extensions: Extensions
) -> dict[int, float] | None:
    """How similar cards are to what they are most similar to; None where nothing is sought."""
    if not sought:
        return None
    alike: dict[int, float] = {}
    for text in sought:
        fits = extensions.terms[_SIMILAR](transaction, text)
        if isinstance(fits, Mapping):
            for number, one in fits.items():
                alike[number] = max(one, alike.get(number, 0.0))
    return alike


def _print(
    shown: Sequence[Card],
    texts: CardTexts,
    boundary: DayBoundary,
    now_ms: int,
    alike: Mapping[int, float] | None,
) -> None:
    from recollect.cli._card_text import due_text, interval_text, state_text
    from recollect.cli._tables import Column, percent, print_table

    today = boundary.day_of(now_ms)
    further = [] if alike is None else [Column("similar")]
    print_table(
        [
            Column("card"),
            Column("front", text=True, foldable=True),
            Column("deck", text=True),
            Column("phase", text=True),
            Column("due", text=True),
            Column("interval"),
            *further,
        ],
        [
            [
                str(card.id),
                texts.front(card),
                texts.deck(card),
                state_text(card, today),
                due_text(card, boundary.zone),
                interval_text(card.interval_days),
                *([] if alike is None else [percent(alike.get(card.id))]),
            ]
            for card in shown
        ],
    )


def _as_json(card: Card, texts: CardTexts, alike: Mapping[int, float] | None) -> dict[str, Any]:
    from recollect.cli._card_text import day_text
    from recollect.cli._moments import iso_moment

    similarity = {} if alike is None else {"similarity": alike.get(card.id)}
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
        **similarity,
    }
