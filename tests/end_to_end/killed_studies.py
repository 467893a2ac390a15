"""Studies in processes that are killed at random moments, and looks what is left.

``python killed_studies.py FOLDER KILLS SEED`` prints what was found as JSON. Run on its own, so
that processes can be forked from one that has imported everything and started no thread.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from recollect.collection import (
    Card,
    Collection,
    Field,
    Note,
    NoteType,
    Template,
    cards,
    note_types,
    notes,
    open_collection,
)
from recollect.collection.reviews import iterate_reviews
from recollect.scheduling.ladder import Ladder
from recollect.scheduling.rebuild import differences
from recollect.study import answer, begin, look_ahead, next_card, undo

START_MS = 1_790_000_000_000
MS_PER_DAY = 86_400_000
CARDS = 400


class Clock:
    """Ten seconds later whenever it is looked at."""

    def __init__(self, start_ms: int) -> None:
        self.now_ms = start_ms

    def __call__(self) -> int:
        self.now_ms += 10_000
        return self.now_ms


def fill(path: Path) -> None:
    clock = Clock(START_MS - MS_PER_DAY)
    with open_collection(path, clock=clock) as collection:
        _fill(collection)


def _fill(collection: Collection) -> None:
    with collection.transaction("Fill") as transaction:
        template = Template("Card 1", "{{Front}}", "{{Back}}")
        kind = note_types.add_note_type(
            transaction,
            NoteType(0, "Basic", "normal", (Field("Front"), Field("Back")), (template,)),
        )
        numbers = range(1, CARDS + 1)
        notes.add_notes(
            transaction,
            [Note(n, f"guid {n}", kind.id, (f"front {n}", f"back {n}")) for n in numbers],
        )
        cards.add_cards(transaction, [Card(n, n, 1, position=n) for n in numbers])


def study(path: Path, seed: int, run: int, acknowledge: int) -> None:
    """Answer cards for ever, telling of each answer once it is given."""
    dice = random.Random(f"{seed} {run}")
    with open_collection(path, clock=Clock(START_MS + run * MS_PER_DAY)) as collection:
        session = begin(collection)
        while True:
            session, shown = next_card(collection, session)
            if shown is None:
                collection.clock.now_ms += MS_PER_DAY
                continue
            shown = look_ahead(shown, Ladder())
            session, answered = answer(
                collection, session, shown, dice.choice([1, 2, 3, 3, 3, 4]), duration_ms=1_000
            )
            os.write(acknowledge, f"{answered.entry.id}\n".encode())
            if dice.random() < 0.1:
                os.write(acknowledge, f"undo {answered.entry.id}\n".encode())
                session, _ = undo(collection, session)
                os.write(acknowledge, f"undone {answered.entry.id}\n".encode())


def one_run(path: Path, seed: int, run: int, dice: random.Random) -> list[str]:
    """Study until killed; what was acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            study(path, seed, run, writing)
        finally:
            os._exit(1)  # not reached: it is killed
    os.close(writing)
    said = b""
    if dice.random() < 0.9:  # else while it opens the collection
        said = os.read(reading, 1)
    time.sleep(dice.uniform(0.0, 0.12))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended by itself"
    with os.fdopen(reading, "rb") as stream:
        said += stream.read()
    return said.decode().splitlines()


def look(path: Path, said: list[str]) -> dict[str, object]:
    """What is left after a kill, beside what was acknowledged."""
    with sqlite3.connect(path) as connection:
        intact = connection.execute("PRAGMA integrity_check").fetchone()[0]
        broken_keys = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    connection.close()
    with open_collection(path) as collection, collection.reading() as transaction:
        there = {entry.id for entry in iterate_reviews(transaction)}
        ever = {entry.id for entry in iterate_reviews(transaction, with_voided=True)}
        wrong = len(list(differences(transaction)))
    answers = {int(line) for line in said if line.isdecimal()}
    asked = {int(line.split()[1]) for line in said if line.startswith("undo ")}
    undone = {int(line.split()[1]) for line in said if line.startswith("undone ")}
    return {
        "answers": len(answers),
        "lost": len(answers - ever) + len(answers - asked - there),
        "undone_but_there": len(undone & there),
        "intact": intact,
        "broken_keys": broken_keys,
        "wrong_cards": wrong,
        "known": len(ever),
    }


def main(folder: Path, kills: int, seed: int) -> None:
    path = folder / "collection.db"
    fill(path)
    dice = random.Random(seed)
    runs, known = [], 0
    for run in range(kills):
        found = look(path, one_run(path, seed, run, dice))
        # One answer at most was given that nobody was told of.
        found["unasked"] = found["known"] - known - found["answers"]
        known = found["known"]
        runs.append(found)
    print(json.dumps(runs))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
