"""What ``recollect study`` says."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import click

from recollect.cli._tables import percent
from recollect.reviews import Rating
from recollect.scheduling.steps import RATINGS
from recollect.study.ending import Ending
from recollect.study.state import Prospect, Shown
from recollect.study.typing import Comparison, aligned
from recollect.study.wording import days_in_words, interval_in_words, short_interval

__all__ = ["buttons", "closing_lines", "header", "rule", "typed_lines", "why_lines"]

_WIDEST = 72
_LATEST = 8
_MS_PER_MINUTE = 60_000
_WHY = {
    "new": "it is new: nobody has answered it yet",
    "due": "it is due: by now recall should have fallen to about {target}",
    "learning": "it is being learned: a short step is over",
    "learning ahead": "nothing else is left, and it would come back within 20 minutes",
}


def header(shown: Shown) -> list[str]:
    """The line above a card: how much is left."""
    new, learning, review = shown.left
    return ["", click.style(f"new {new} · learning {learning} · review {review}", dim=True), rule()]


def rule() -> str:
    """A line across the terminal."""
    return "─" * min(shutil.get_terminal_size().columns, _WIDEST)


def buttons(intervals: tuple[int, ...]) -> str:
    """The grades with the interval that each gives."""
    return "   ".join(
        f"{int(rating)} {rating.name.capitalize()} {short_interval(interval)}"
        for rating, interval in zip(RATINGS, intervals, strict=True)
    )


def typed_lines(comparison: Comparison) -> list[str]:
    """A typed answer under the expected one, with marks where they differ."""
    if comparison.right:
        return [click.style("Right.", fg="green")]
    typed, expected, marks = aligned(comparison)
    return [
        f"  typed:    {typed}",
        f"  expected: {expected}",
        f"            {marks}",
    ]


def why_lines(shown: Shown, prospect: Prospect) -> list[str]:
    """Why a card comes, what is expected of it, and its past."""
    target = percent(shown.preset.desired_retention)
    why = _WHY[shown.why].format(target=target)
    lines = [f"Card {shown.card.id} comes because {why}."]
    foresight = prospect.foresight
    if foresight.recall is not None:
        said = f"Expected recall now: {percent(foresight.recall)}"
        if foresight.days_without is not None:
            held = days_in_words(foresight.days_without)
            said += f"; after the last answer it was to stay above {target} for {held}"
        lines.append(said + ".")
    exact = ", ".join(
        f"{rating.name.capitalize()} {days_in_words(days)}"
        for rating, days in zip(RATINGS, foresight.days, strict=True)
    )
    lines.append(f"Recall would stay above {target} after: {exact}.")
    answers = [entry for entry in shown.entries if entry.rating > 0]
    if len(answers) > _LATEST:
        lines.append(f"{len(answers)} answers, the latest {_LATEST}:")
    for entry in answers[-_LATEST:]:
        day = datetime.fromtimestamp(entry.answered_at_ms / 1_000, UTC).date().isoformat()
        expected = ""
        if entry.predicted_recall is not None:
            expected = f" (expected {percent(entry.predicted_recall)})"
        name = Rating(entry.rating).name.capitalize()
        lines.append(f"  {day}  {name}{expected}, next {interval_in_words(entry.interval_after)}")
    return lines


def closing_lines(ended: Ending) -> list[str]:
    """The summary of a session."""
    done = ended.summary
    lines = ["", rule()]
    if done.answers:
        minutes = done.spent_ms / _MS_PER_MINUTE
        each = done.spent_ms / done.answers / 1_000
        lines.append(
            f"{done.answers} {'answer' if done.answers == 1 else 'answers'}, "
            f"{percent(done.right)} right, {done.new} new, {minutes:.1f} min ({each:.0f} s each)"
        )
    else:
        lines.append("No answers.")
    lines.append(_next(ended))
    return lines


def _next(ended: Ending) -> str:
    if not ended.finished:
        count = ended.due_now
        return f"{count} {'card is' if count == 1 else 'cards are'} left for today. All is saved."
    parts = []
    if ended.next_learning_ms is not None:
        minutes = max((ended.next_learning_ms - ended.now_ms) / _MS_PER_MINUTE, 0)
        parts.append(
            "a card in learning is due now"
            if minutes < 1
            else f"a card in learning comes back in {minutes:.0f} min"
        )
    if ended.tomorrow:
        parts.append(f"{ended.tomorrow} due tomorrow")
    elif ended.next_day is not None:
        parts.append(f"the next review is due in {ended.next_day} days")
    return "Done for today" + (": " + "; ".join(parts) if parts else "") + ". All is saved."
