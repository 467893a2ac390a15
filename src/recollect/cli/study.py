"""``recollect study``: cards that are due, in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from recollect.cli._options import PLACE, examples
from recollect.cli._session import Session, collection_option, talk_options

__all__ = ["command"]


@click.command(
    "study",
    epilog=examples(
        "recollect study",
        "recollect study --deck Spanish::Verbs --limit 20",
        "recollect study --typed --fold-case",
        "recollect study --collection spanish.db --order day",
    ),
)
@click.option("--deck", metavar="D", help="A deck, with all decks within it. Default: all decks.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after so many answers.")
@click.option("--typed", is_flag=True, help="Type every answer; see where it differs.")
@click.option(
    "--fold-case", is_flag=True, help="Capital and small letters of typed answers are the same."
)
@click.option(
    "--order",
    type=click.Choice(["forgotten", "day"]),
    metavar="ORDER",
    default="forgotten",
    show_default=True,
    help="Reviews first that are most likely forgotten, or due for the longest time (day).",
)
@click.option(
    "--params",
    type=PLACE,
    metavar="FILE",
    help="Parameters of this learner, from recollect fit. Default: the shared defaults.",
)
@collection_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    deck: str | None,
    limit: int | None,
    typed: bool,
    fold_case: bool,
    order: str,
    params: Path | None,
) -> None:
    """Study the cards that are due.

    Space or Enter shows the answer; 1 Again, 2 Hard, 3 Good, 4 Easy grade it; u takes the last
    change back, i says why the card comes, s suspends it, b puts it off until tomorrow, q ends.
    Every answer is on the disk before the next card shows. Where input is no terminal, each line
    is one such key.
    """
    from recollect.cli._collection import chosen_deck, model_foreseer, opened_collection
    from recollect.cli._study_keys import keys_of_stdin
    from recollect.cli._study_loop import Loop
    from recollect.study.session import begin
    from recollect.study.typing import TypingOptions

    with opened_collection(session) as collection, keys_of_stdin() as keys:
        with collection.reading() as transaction:
            chosen = chosen_deck(transaction, deck)
        state = begin(
            collection,
            deck_id=None if chosen is None else chosen.id,
            limit=limit,
            order="day" if order == "day" else "forgotten",
        )
        loop = Loop(
            collection,
            lambda: model_foreseer(session, collection, params),
            keys,
            typed=typed,
            typing=TypingOptions(fold_case=fold_case),
        )
        loop.run(state)
