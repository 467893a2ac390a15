"""The program ``recollect``: its commands, and how a run ends.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (Ctrl-C), 141 whoever read the
output has gone away (as after ``| head``), 143 ended by another program (SIGTERM). Commands are
imported when they are needed, and they import whatever takes time in their bodies.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from types import FrameType
from typing import Any

import click

import recollect
from recollect.cli._session import Session, collection_option, talk_options
from recollect.errors import RecollectError

__all__ = ["COMMANDS", "Application", "main"]

COMMANDS = {
    "demo": "recollect.cli.demo",
    "import": "recollect.cli.import_",
    "export": "recollect.cli.export",
    "evaluate": "recollect.cli.evaluate",
    "fit": "recollect.cli.fit",
    "fit-defaults": "recollect.cli.fit_defaults",
    "predict": "recollect.cli.predict",
    "explain": "recollect.cli.explain",
    "decks": "recollect.cli.decks",
    "study": "recollect.cli.study",
    "due": "recollect.cli.due",
    "stats": "recollect.cli.stats",
    "cards": "recollect.cli.cards",
    "card": "recollect.cli.card",
    "settings": "recollect.cli.settings",
    "undo": "recollect.cli.undo",
    "backup": "recollect.cli.backup",
    "restore": "recollect.cli.restore",
    "check": "recollect.cli.check",
    "experiments": "recollect.cli.experiments",
}
"""Name of each command and the module whose ``command`` it is."""

_INTERRUPTED = 130
_READER_GONE = 141
_ENDED = 143


class Application(click.Group):
    """The commands of :data:`COMMANDS`, loaded when asked for; errors as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Make the run's :class:`Session` before any option is read."""
        ctx.ensure_object(Session)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn however it ends into an exit code."""
        _print_whatever_the_terminal_knows()
        session = ctx.ensure_object(Session)
        try:
            with _orderly_end():
                result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            _forget_output()
            ctx.exit(_READER_GONE)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(_INTERRUPTED)
        except RecollectError as error:
            self._fail(ctx, session, str(error))
        except OSError as error:
            what = error.strerror or type(error).__name__
            self._fail(ctx, session, f"the system refused to read or write: {what}")
        except Exception as error:
            if _interrupted_beneath(error):
                click.echo("interrupted", err=True)
                ctx.exit(_INTERRUPTED)
            text = " ".join(str(error).split())
            hint = "" if session.debug else "; --debug shows where it came from"
            self._fail(ctx, session, f"unexpected {type(error).__name__}: {text}{hint}")

    def _fail(self, ctx: click.Context, session: Session, message: str) -> None:
        if session.debug:
            traceback.print_exc()
        click.echo(f"error: {message}", err=True)
        ctx.exit(1)


@contextmanager
def _orderly_end() -> Iterator[None]:
    """SIGTERM unwinds the run, so that processes are stopped and drafts are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(_ENDED)

    before, unraisable = signal.signal(signal.SIGTERM, end), sys.unraisablehook
    sys.unraisablehook = partial(_end_again, unraisable)
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        signal.signal(signal.SIGTERM, before)


def _end_again(
    otherwise: Callable[[sys.UnraisableHookArgs], Any], lost: sys.UnraisableHookArgs
) -> None:
    """A signal whose exception fell into a finaliser, which drops it, is sent once more."""
    again = {KeyboardInterrupt: signal.SIGINT, SystemExit: signal.SIGTERM}.get(lost.exc_type)
    if again is None:
        otherwise(lost)
        return
    # A little later, when the finaliser is left.
    timer = threading.Timer(0.05, os.kill, (os.getpid(), again))
    timer.daemon = True
    timer.start()


def _interrupted_beneath(error: BaseException | None) -> bool:
    """Whether Ctrl-C is what an error came from: some modules turn it into an ImportError."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _print_whatever_the_terminal_knows() -> None:
    """A terminal that lacks a character shows ``?`` in its place instead of ending the run."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _forget_output() -> None:
    """Send what is still in the buffer nowhere, or Python complains when it closes stdout."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@click.group(
    cls=Application,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: recollect demo",
)
@click.version_option(recollect.__version__, prog_name="recollect", message="%(prog)s %(version)s")
@collection_option
@talk_options
def main() -> None:
    """Predict what a learner remembers, and say why.

    A LOG is a CSV of the FSRS tools (card_id, review_time, review_rating), a Parquet file or
    folder in the layout of anki-revlogs-10k, or an Anki .apkg, .colpkg or collection.anki2.
    """
