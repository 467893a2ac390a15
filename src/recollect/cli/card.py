"""``recollect card``: all that is known of one card."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import click

from recollect.cli._keys import collection_keys, encoder_option
from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from recollect.cli._card_text import CardTexts
    from recollect.collection import Card, Note, NoteType, NoteVersion, ReviewEntry
    from recollect.collection.keys import Competitor

__all__ = ["command"]

_LONGEST = 200
_ANSWERS = ("–", "Again", "Hard", "Good", "Easy")


@click.command(
    "card",
    epilog=examples(
        "recollect card 1700000000123",
        "recollect card 1700000000123 --competitors 20",
        "recollect card 1700000000123 --json",
    ),
)
@click.argument("card_id", metavar="ID", type=int)
@click.option(
    "--competitors",
    type=click.IntRange(min=0),
    metavar="N",
    default=5,
    show_default=True,
    help="Show so many cards that it may be confused with, at most.",
)
@encoder_option
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(
    session: Session, *, card_id: int, competitors: int, encoder: str | None, as_json: bool
) -> None:
    """Show a card: content, deck, tags, when it is due, reviews, versions, closest competitors.

    ID is the number that recollect cards shows.
    """
    from recollect.cli._card_text import CardTexts
    from recollect.cli._collection import opened_collection
    from recollect.collection import cards, notes, reviews, settings

    with opened_collection(session) as collection, collection.reading() as transaction:
        card = cards.get_card(transaction, card_id)
        texts = CardTexts(transaction, [card])
        history = reviews.reviews_of_cards(transaction, [card_id])
        versions = notes.list_versions(transaction, card.note_id)
        boundary = settings.get_settings(transaction).day_boundary
        today = boundary.day_of(transaction.now_ms)
        rivals: list[Competitor] = []
        if competitors:
            from recollect.collection.keys import competitors_of

            keys = collection_keys(session, transaction, encoder)
            rivals = competitors_of(transaction, keys, card_id, most=competitors)
    note = texts.notes[card.note_id]
    note_type = texts.types[note.note_type_id]
    if as_json:
        from recollect.cli._outputs import print_json

        document = _as_json(card, note, note_type, texts, history, versions)
        document["competitors"] = [_competitor_json(rival) for rival in rivals]
        print_json("card", document)
        return
    _print_card(card, note, note_type, texts, boundary.zone, today)
    _print_history(history, boundary.zone)
    _print_versions(versions, note, note_type, boundary.zone)
    if competitors:
        _print_competitors(rivals)


def _print_card(
    card: Card, note: Note, note_type: NoteType, texts: CardTexts, zone: ZoneInfo, today: int
) -> None:
    from recollect.cli._card_text import due_text, interval_text, line_of, state_text
    from recollect.cli._tables import Column, print_table

    click.secho(f"Card {card.id}: {texts.front(card)}", bold=True)
    rows = [
        [name, line_of(text)]
        for name, text in zip(note_type.field_names, note.fields, strict=False)
    ]
    name = note_type.templates[0].name
    if note_type.kind == "normal" and card.ordinal < len(note_type.templates):
        name = note_type.templates[card.ordinal].name
    rows += [
        ["note type", f"{note_type.name}, {name}"],
        ["deck", texts.deck(card)],
        ["tags", " ".join(note.tags) or "–"],
        ["phase", state_text(card, today)],
        ["due", due_text(card, zone)],
        ["interval", interval_text(card.interval_days)],
    ]
    if card.deck_id != card.home_deck_id:
        rows.append(["lent to", texts.decks[card.deck_id]])
    if card.flag:
        rows.append(["flag", str(card.flag)])
    print_table([Column("", text=True), Column("", text=True, foldable=True)], rows)


def _print_history(history: list[ReviewEntry], zone: ZoneInfo) -> None:
    from recollect.cli._card_text import interval_text, line_of
    from recollect.cli._moments import format_moment
    from recollect.cli._tables import NONE, Column, heading, percent, print_table

    heading("Its reviews")
    if not history:
        click.echo("None yet.")
        return
    print_table(
        [
            Column("when"),
            Column("kind", text=True),
            Column("answer", text=True),
            Column("time"),
            Column("interval\nbefore"),
            Column("interval\nafter"),
            Column("predicted"),
            Column("typed", text=True, foldable=True),
        ],
        [
            [
                format_moment(entry.answered_at_ms, zone),
                entry.kind,
                _ANSWERS[entry.rating],
                f"{entry.duration_ms / 1000:.1f} s" if entry.duration_ms else NONE,
                interval_text(entry.interval_before),
                interval_text(entry.interval_after),
                percent(entry.predicted_recall),
                line_of(escape(entry.typed or "")),
            ]
            for entry in history
        ],
    )


def _print_versions(
    versions: list[NoteVersion], note: Note, note_type: NoteType, zone: ZoneInfo
) -> None:
    from recollect.cli._card_text import line_of
    from recollect.cli._moments import format_moment
    from recollect.cli._tables import Column, heading, print_table

    heading("Versions of its content")
    print_table(
        [
            Column("version"),
            Column("written", text=True),
            Column("", text=True),
            Column("content", text=True, foldable=True),
        ],
        [
            [
                str(version.version),
                format_moment(version.written_at_ms, zone),
                "present" if version.version == note.version else "",
                " | ".join(filter(None, map(line_of, version.fields))),
            ]
            for version in versions
        ],
    )


def _print_competitors(rivals: list[Competitor]) -> None:
    from recollect.cli._card_text import line_of
    from recollect.cli._tables import Column, heading, percent, print_table

    heading("Its closest competitors: cards with a similar prompt and another answer")
    if not rivals:
        click.echo("None.")
        return
    print_table(
        [
            Column("card"),
            Column("similar"),
            Column("prompt", text=True, foldable=True),
            Column("answer", text=True, foldable=True),
        ],
        [
            [
                str(rival.card_id),
                percent(rival.similarity),
                *(_shortened(line_of(escape(side))) for side in rival.content),
            ]
            for rival in rivals
        ],
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _competitor_json(rival: Competitor) -> dict[str, Any]:
    return {
        "id": rival.card_id,
        "similarity": rival.similarity,
        "prompt": rival.content.prompt,
        "answer": rival.content.answer,
    }


def _as_json(
    card: Card,
    note: Note,
    note_type: NoteType,
    texts: CardTexts,
    history: list[ReviewEntry],
    versions: list[NoteVersion],
) -> dict[str, Any]:
    from recollect.cli._card_text import day_text
    from recollect.cli._moments import iso_moment

    return {
        "card": {
            "id": card.id,
            "front": texts.front(card),
            "deck": texts.deck(card),
            "ordinal": card.ordinal,
            "phase": card.phase,
            "due": None if card.due_day is None else day_text(card.due_day),
            "due_at": None if card.due_at_ms is None else iso_moment(card.due_at_ms),
            "position": card.position,
            "interval_days": card.interval_days,
            "step": card.step,
            "suspended": card.suspended,
            "buried_until": (
                None if card.buried_until_day is None else day_text(card.buried_until_day)
            ),
            "flag": card.flag,
        },
        "note": {
            "id": note.id,
            "type": note_type.name,
            "fields": dict(zip(note_type.field_names, note.fields, strict=False)),
            "tags": list(note.tags),
            "modified_at": iso_moment(note.modified_at_ms),
        },
        "reviews": [
            {
                "id": entry.id,
                "at": iso_moment(entry.answered_at_ms),
                "kind": entry.kind,
                "rating": entry.rating,
                "duration_ms": entry.duration_ms,
                "typed": entry.typed,
                "interval_before": entry.interval_before,
                "interval_after": entry.interval_after,
                "predicted_recall": entry.predicted_recall,
                "reason": entry.reason,
            }
            for entry in history
        ],
        "versions": [
            {
                "version": version.version,
                "written_at": iso_moment(version.written_at_ms),
                "sha256": version.sha256,
                "fields": list(version.fields),
            }
            for version in versions
        ],
    }
