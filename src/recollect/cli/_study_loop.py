"""The conversation of ``recollect study``: a card, the answer, a grade, and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import click

from recollect import study
from recollect.cli._study_keys import Keys
from recollect.cli._study_text import (
    buttons,
    closing_lines,
    header,
    rule,
    typed_lines,
    why_lines,
)
from recollect.collection import Collection
from recollect.errors import CollectionLockedError, RecollectError
from recollect.scheduling.foresight import Foreseer
from recollect.study.answering import LEECH
from recollect.study.state import Prospect, Session, Shown
from recollect.study.typing import Comparison, TypingOptions, compare

__all__ = ["Loop"]

_REVEAL = (" ", "\n")
_HELP = (
    "Space shows the answer · 1 Again 2 Hard 3 Good 4 Easy · u undo · i why · s suspend · b bury · "
    "q quit"
)


class Loop:
    """One run of studying.

    Args:
        collection: with the cards.
        foreseer: makes what looks ahead; asked when the first card is there to be read.
        keys: the learner's.
        typed: ask for typed answers to all cards, not only to those whose template asks.
        typing: what does not matter in typed answers.
        clock_s: for the time that answers take.
    """

    def __init__(
        self,
        collection: Collection,
        foreseer: Callable[[], Foreseer],
        keys: Keys,
        *,
        typed: bool = False,
        typing: TypingOptions | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.collection = collection
        self.make_foreseer = foreseer
        self.foreseer: Foreseer | None = None
        self.keys = keys
        self.typed = typed
        self.typing = typing or TypingOptions()
        self.clock_s = clock_s

    def run(self, session: Session) -> Session:
        """Study until nothing is left, the limit is reached or the learner stops."""
        at_start = session
        try:
            while True:
                session, shown = study.next_card(self.collection, session, self.foreseer)
                if shown is None:
                    break
                found = self._card(session, shown)
                if found is None:
                    break
                session = found
        except KeyboardInterrupt:
            click.echo()
            self._close(at_start, session)
            raise
        self._close(at_start, session)
        return session

    def _card(self, session: Session, shown: Shown) -> Session | None:
        """One card until something is done with it; None to stop."""
        started_s = self.clock_s()
        for line in header(shown):
            click.echo(line)
        click.echo(shown.faces.front_text or "(empty)")
        if self.foreseer is None:
            session = self._get_ready(session)
            started_s = self.clock_s()  # nobody could answer before
        shown = study.look_ahead(shown, self._ready())
        prospect = shown.prospect
        assert prospect is not None
        typed: str | None = None
        revealed = False
        if self._asks_typing(shown):
            typed = self.keys.line("> ")
            if typed is None:
                return None
            self._reveal(shown, prospect, typed)
            revealed = True
        while (key := self.keys.key()) is not None:
            if key == "q":
                return None
            if key in _REVEAL and not revealed:
                self._reveal(shown, prospect, None)
                revealed = True
            elif key in "1234" and key and revealed:
                duration_ms = round((self.clock_s() - started_s) * 1_000)
                return self._answer(session, shown, int(key), duration_ms, typed)
            elif key == "i":
                for line in why_lines(shown, prospect):
                    click.echo(line)
            elif key in ("u", "s", "b"):
                changed = self._change(session, shown, key)
                if changed is not None:
                    return changed
            else:
                click.echo(_HELP)
        return None

    def _get_ready(self, session: Session) -> Session:
        """While the learner reads the first card: the scheduler, and the order of what follows."""
        self.foreseer = self.make_foreseer()
        return study.ranked(self.collection, session, self.foreseer)

    def _ready(self) -> Foreseer:
        assert self.foreseer is not None
        return self.foreseer

    def _asks_typing(self, shown: Shown) -> bool:
        return shown.faces.type_in is not None or (self.typed and bool(shown.faces.answer_text))

    def _reveal(self, shown: Shown, prospect: Prospect, typed: str | None) -> None:
        click.echo(rule())
        if typed is not None:
            for line in typed_lines(self._compared(shown, typed)):
                click.echo(line)
        click.echo(shown.faces.back_text or "(empty)")
        click.echo(buttons(prospect.intervals))

    def _compared(self, shown: Shown, typed: str) -> Comparison:
        asked = shown.faces.type_in
        if asked is None:
            return compare(typed, shown.faces.answer_text, self.typing)
        options = replace(self.typing, fold_accents=not asked.exact)
        return compare(typed, asked.expected, options)

    def _answer(
        self, session: Session, shown: Shown, rating: int, duration_ms: int, typed: str | None
    ) -> Session:
        try:
            session, answered = study.answer(
                self.collection, session, shown, rating, duration_ms=duration_ms, typed=typed
            )
        except CollectionLockedError:
            raise
        except RecollectError as error:  # changed elsewhere: say so and go on with what is now due
            click.echo(str(error))
            return session
        click.secho(answered.line, dim=True)
        if answered.leech:
            put_away = "; it is suspended" if answered.card.suspended else ""
            click.echo(f"This card is forgotten again and again: tagged {LEECH}{put_away}")
        return session

    def _change(self, session: Session, shown: Shown, key: str) -> Session | None:
        if key == "s":
            click.echo("Suspended; u takes that back")
            return study.suspend(self.collection, session, shown)
        if key == "b":
            click.echo("Put off until tomorrow; u takes that back")
            return study.bury(self.collection, session, shown)
        session, change = study.undo(self.collection, session)
        if change is None:
            click.echo("There is nothing to take back")
            return None
        click.echo(f"Taken back: {change.title}")
        return session

    def _close(self, at_start: Session, session: Session) -> None:
        for line in closing_lines(study.ending(self.collection, at_start, session)):
            click.echo(line)
