"""Studying in a real terminal: a pseudo terminal, real keys, a collection on the disk."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recollect.collection import (
    Card,
    Field,
    Note,
    NoteType,
    Template,
    cards,
    note_types,
    notes,
    open_collection,
)

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

PATIENCE_S = 180
IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "recollect.cli", *sys.argv[1:]])
"""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A program on a pseudo terminal."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def wait_for(self, text: str) -> str:
        """Read until the text shows; what came before it and the text itself."""
        ends = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            if not self._ready(ends - time.monotonic()):
                pytest.fail(f"{text!r} did not show; there is:\n{self.seen}")
            if not self._read():
                pytest.fail(f"it ended without {text!r}; there was:\n{self.seen}")
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def interrupt(self) -> None:
        """Press Ctrl-C until it ends: Python misses one that comes just before it waits."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            self.press("\x03")
            while self._ready(5.0):
                if not self._read():
                    return
        pytest.fail(f"Ctrl-C did not end it; there is:\n{self.seen}")

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def end(self) -> int:
        """Read what is left and wait; the exit code."""
        ends = time.monotonic() + PATIENCE_S
        while self._ready(ends - time.monotonic()) and self._read():
            pass
        return self.process.wait(timeout=max(ends - time.monotonic(), 1.0))

    def _ready(self, seconds: float) -> bool:
        return bool(select.select([self.ours], [], [], max(seconds, 0.0))[0])

    def _read(self) -> bool:
        """Read some; whether there was any before the end."""
        try:
            read = os.read(self.ours, 65_536)
        except OSError:
            return False
        self.seen = ESCAPES.sub("", self.seen + read.decode(errors="replace"))
        return bool(read)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    where = tmp_path / "collection.db"
    with open_collection(where) as collection, collection.transaction("Fill") as transaction:
        template = Template("Card 1", "<b>{{Front}}</b>", "{{FrontSide}}<hr id=answer>{{Back}}")
        kind = note_types.add_note_type(
            transaction,
            NoteType(0, "Basic", "normal", (Field("Front"), Field("Back")), (template,)),
        )
        words = [("uno", "one"), ("dos", "two <img src='2.png'>"), ("tres", "three")]
        for number, fields in enumerate(words, start=1):
            notes.add_notes(transaction, [Note(number, f"guid {number}", kind.id, fields)])
            cards.add_cards(transaction, [Card(number, number, 1, position=number)])
    return where


@pytest.fixture
def environment(request: pytest.FixtureRequest, tmp_path: Path, path: Path) -> dict[str, str]:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "compiled").symlink_to(request.config.cache.mkdir("recollect-compiled"))
    return os.environ | {
        "RECOLLECT_CACHE": str(cache),
        "RECOLLECT_COLLECTION": str(path),
        "PYTHONWARNINGS": "error",
        "TERM": "xterm",
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    """``start("study")``: the command on a terminal of its own, gone when the test ends."""
    started: list[Terminal] = []

    def run(*arguments: str) -> Terminal:
        started.append(Terminal(*arguments, environment=environment))
        return started[-1]

    yield run
    for terminal in started:
        terminal.close()


def stored(path: Path) -> list[tuple[int, int, str | None]]:
    """Card, rating and typed answer of every review that counts."""
    connection = sqlite3.connect(path)
    try:
        query = """SELECT card_id, rating, typed FROM reviews
                   WHERE id NOT IN (SELECT review_id FROM voided_reviews) ORDER BY id"""
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_studying_by_keys(path, start):
    terminal = start("study")
    terminal.wait_for("uno")
    terminal.press(" ")
    shown = terminal.wait_for("4 Easy")
    assert "one" in shown
    terminal.press("x")
    terminal.wait_for("Space shows the answer")
    terminal.press("3")
    terminal.wait_for("next in 10 minutes")
    assert stored(path) == [(1, 3, None)]
    terminal.wait_for("dos")
    terminal.press("i")
    terminal.wait_for("it is new")
    terminal.press("\r")
    assert "[image: 2.png]" in terminal.wait_for("4 Easy")
    terminal.press("u")
    terminal.wait_for("Taken back: Answer card")
    terminal.wait_for("uno")
    assert stored(path) == []
    terminal.press(" ")
    terminal.wait_for("4 Easy")
    terminal.press("4")
    terminal.wait_for("dos")
    terminal.press("s")
    terminal.wait_for("Suspended")
    terminal.wait_for("tres")
    terminal.press("b")
    terminal.wait_for("Put off until tomorrow")
    assert terminal.end() == 0
    assert "1 answer, 100 % right" in terminal.seen
    assert "All is saved" in terminal.seen
    assert stored(path) == [(1, 4, None)]


def test_typed_answers_and_stopping_with_the_keyboard(path, start):
    terminal = start("study", "--typed")
    terminal.wait_for("uno")
    terminal.wait_for("> ")
    terminal.press("oen\r")
    shown = terminal.wait_for("4 Easy")
    assert "typed:" in shown
    assert "expected:" in shown
    terminal.press("1")
    terminal.wait_for("dos")
    terminal.wait_for("> ")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "1 answer, 0 % right" in terminal.seen
    assert stored(path) == [(1, 1, "oen")]


def test_an_answer_survives_the_end_of_the_process(path, start):
    terminal = start("study")
    terminal.wait_for("uno")
    terminal.press(" ")
    terminal.wait_for("4 Easy")
    terminal.press("3")
    terminal.wait_for("next in 10 minutes")
    os.kill(terminal.process.pid, signal.SIGKILL)
    assert terminal.end() == -signal.SIGKILL
    assert stored(path) == [(1, 3, None)]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
