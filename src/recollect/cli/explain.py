"""``recollect explain``: why a card's recall is what it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recollect.cli._options import (
    PLACE,
    ReadingOptions,
    examples,
    json_flag,
    learner_option,
    parameter_options,
    reading_options,
)
from recollect.cli._outputs import check_folder
from recollect.cli._session import Session, talk_options

if TYPE_CHECKING:
    from recollect.recall.personalise import Personalisation
    from recollect.reviews import ReviewLog

__all__ = ["choose_card", "command"]

_ENOUGH_REVIEWS = 3
_LATEST_SHOWN = 12


@click.command(
    "explain",
    epilog=examples(
        "recollect explain reviews.csv --card 1422",
        "recollect explain deck.apkg --at 2026-12-01 --time-zone Europe/Berlin",
        "recollect explain reviews.csv --card 1422 --params params.json --plots pictures",
    ),
)
@click.argument("log", metavar="LOG", type=PLACE)
@click.option(
    "--card", metavar="ID", help="Which card. Default: the one whose recall is least certain."
)
@click.option(
    "--at",
    metavar="DATE",
    help="A date (its noon) or a time, such as 2026-12-01 or 2026-12-01T18:30. Default: now.",
)
@click.option(
    "--now",
    metavar="DATE",
    help="Take this as the present, or 'last' for the log's last review. Default: the clock.",
)
@parameter_options
@click.option("--plots", type=PLACE, metavar="DIR", help="Draw the card's life into this folder.")
@click.option(
    "--history",
    type=click.IntRange(min=0),
    metavar="N",
    default=_LATEST_SHOWN,
    show_default=True,
    help="Latest reviews to show as text; 0 for all.",
)
@json_flag
@learner_option
@reading_options
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    log: Path,
    card: str | None,
    at: str | None,
    now: str | None,
    params: Path | None,
    defaults: Path | None,
    plots: Path | None,
    history: int,
    as_json: bool,
    learner: str | None,
    reading: ReadingOptions,
) -> None:
    """Explain the recall of one card in LOG.

    Shows what the number is made of, the traces by time scale, the state of the learner, and
    what each past review changed.
    """
    check_folder(plots, "--plots")
    from recollect.cli._explanation_text import print_explanation
    from recollect.cli._fitted import learner_model
    from recollect.cli._jax import prepare_jax
    from recollect.cli._logs import read_one
    from recollect.cli._moments import chosen_moments
    from recollect.cli._outputs import made_folder, need_extra, print_json
    from recollect.cli._progress import status

    if plots is not None:
        need_extra("matplotlib", "plots", "drawing pictures")
    reviews, report = read_one(log, learner, reading, session)
    card_id = None if card is None else reviews.find_card(card)
    moments = chosen_moments(reviews, reading.zone, now, at, session)
    prepare_jax()
    with status(session, f"Explaining from {len(reviews):,} reviews", compiles=True):
        from recollect.recall.explanation import explain_card

        model, origin = learner_model(reviews, params, defaults, session)
        chosen = ""
        if card_id is None:
            card_id = choose_card(model, moments.at_ms)
            chosen = _why_chosen(reviews, card_id)
        explanation = explain_card(model, card_id, moments.at_ms)
    if chosen:
        session.note(chosen)
    name = reviews.card_name(card_id)
    if plots is not None:
        from recollect.cli._evaluation_pictures import draw_card

        made_folder(plots)
        with status(session, "Drawing", compiles=True):
            drawn = draw_card(explanation.life(), name, plots / "card.png")
        session.note(f"Drew {drawn}")
    if as_json:
        document = {
            "learner": reviews.learner_id,
            "log": str(log),
            "card": name,
            "chosen": chosen or "named by the user",
            **moments.as_json(),
            **origin,
            "read": report.as_dict(),
            "explanation": explanation.to_dict(),
        }
        print_json("explain", document)
        return
    print_explanation(explanation, name, reading, latest=history or None)


def choose_card(model: Personalisation, at_ms: int) -> int:
    """The card whose recall is least certain, nearest to one half.

    Cards with fewer than three reviews are chosen only where there are no others.

    Args:
        model: personalised to a log that is not empty.
        at_ms: the moment of recall.

    Returns:
        Its ``card_id``; of equals the lowest.
    """
    import numpy as np

    from recollect.recall.forecast import forecast_cards

    forecast = forecast_cards(model, at_ms, at_ms)
    distance = np.abs(np.asarray(forecast.recall_at) - 0.5)
    few = np.asarray(forecast.reviews) < _ENOUGH_REVIEWS
    return int(forecast.card_id[np.lexsort((forecast.card_id, distance, few))[0]])


def _why_chosen(log: ReviewLog, card_id: int) -> str:
    """Why the card is shown that :func:`choose_card` chose, and how to see another."""
    said = (
        f"Card {log.card_name(card_id)} is shown because its recall is the least certain "
        "(nearest to 50 %)"
    )
    if int((log.card_id == card_id).sum()) < _ENOUGH_REVIEWS:
        said += f" of all; no card has {_ENOUGH_REVIEWS} reviews yet"
    return f"{said}; --card names another."
