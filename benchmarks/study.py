"""How long a learner waits: a large collection, one answer, what is due.

``python benchmarks/study.py [--cards 100000] [--reviews 1000000] [--answers 300] [--at FILE]
[--json FILE] [--readme]`` makes a collection of that size (kept at ``--at`` for the next run) and
measures, in one process:

* ``answer``: grade to next card, that is the transaction of the answer (on the disk when it ends)
  and finding, reading and rendering the next card;
* ``look ahead``: the recall model's opinion of that card with the four intervals, which is worked
  out while the learner reads;
* ``begin``: planning the day; ``ranked``: putting up to 512 due reviews in order by the model;
* ``due``, ``decks``, ``stats``: the queries of these commands, without starting Python;
* ``recollect due``: the whole command in a process of its own, beside ``python -c "import numpy,
  sqlalchemy"``, which it cannot do without.

Times are wall-clock; ``cpu`` is the processor time of this process, which other programs on a
busy machine do not change.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from report import machine, machine_line, put_into_readme, table

from recollect.collection import (
    Card,
    Collection,
    Field,
    Note,
    NoteType,
    ReviewEntry,
    Template,
    cards,
    note_types,
    notes,
    open_collection,
)
from recollect.collection.reviews import append_reviews
from recollect.scheduling.overview import decks_today, due_by_day
from recollect.study import answer, begin, look_ahead, next_card, ranked
from recollect.study.statistics import study_numbers

MS_PER_DAY = 86_400_000
NOTES_AT_ONCE = 10_000
DUE_TODAY = 2_000


def make(path: Path, card_count: int, review_count: int) -> None:
    """Notes with a card each; nine in ten in review, with ten reviews a card on average."""
    dice = random.Random(1)
    now = time.time_ns() // 1_000_000
    today = now // MS_PER_DAY
    studied = card_count * 9 // 10
    with open_collection(path) as collection, collection.transaction(None) as transaction:
        template = Template("Card 1", "{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}")
        kind = note_types.add_note_type(
            transaction,
            NoteType(0, "Basic", "normal", (Field("Front"), Field("Back")), (template,)),
        )
        numbers = range(1, card_count + 1)
        notes.add_notes(
            transaction,
            (Note(n, f"guid {n}", kind.id, (f"question {n}", f"answer {n}")) for n in numbers),
        )

        def card(n: int) -> Card:
            if n > studied:
                return Card(n, n, 1, position=n)
            due = today + (n % 90 if n > DUE_TODAY else -(n % 5))
            return Card(n, n, 1, phase="review", due_day=due, interval_days=1 + n % 60)

        cards.add_cards(transaction, map(card, numbers))

        def entries() -> Iterator[ReviewEntry]:
            start = now - 700 * MS_PER_DAY
            step = 690 * MS_PER_DAY // review_count
            for at in range(review_count):
                n, time_ms = at % studied + 1, start + at * step
                rating = 3 if dice.random() < 0.88 else 1
                kind = "learning" if at < studied else "review"
                interval = 1 + at // studied * 7
                yield ReviewEntry(
                    time_ms, n, time_ms, rating, kind, dice.randrange(2_000, 15_000),
                    interval_before=interval, interval_after=interval, ease_factor=2_500,
                )  # fmt: skip

        append_reviews(transaction, entries())


def foreseer_of(collection: Collection, cache: Path) -> tuple[Any, dict[str, float]]:
    """The recall model with its learner, and how long that took the first time and the second."""
    from recollect.cli._jax import prepare_jax

    prepare_jax()
    from recollect.recall.defaults import load_defaults
    from recollect.scheduling.model import ModelForeseer
    from recollect.scheduling.remembered import remembered_learner

    took = {}
    for name in ("learner, worked out", "learner, from its file"):
        started = time.perf_counter()
        learner = remembered_learner(collection, cache, load_defaults().parameters_for)
        took[name] = time.perf_counter() - started
    foreseer = ModelForeseer(learner)
    started = time.perf_counter()
    foreseer.warm_up()
    took["warm up"] = time.perf_counter() - started
    return foreseer, took


def timed(work: Callable[[], Any], times: int = 5) -> tuple[list[float], list[float]]:
    wall, cpu = [], []
    for _ in range(times):
        started, busy = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - started) * 1e3)
        cpu.append((time.process_time() - busy) * 1e3)
    return wall, cpu


def timed_commands(place: Path, times: int = 9) -> dict[str, tuple[list[float], list[float]]]:
    """``recollect due`` as a process, in turn with one that only imports what it is made of."""
    due = [sys.executable, "-m", "recollect.cli", "due", "--collection", str(place), "--json"]
    bare = [sys.executable, "-c", "import numpy, sqlalchemy"]
    commands = {"`recollect due`, whole": due, "importing its libraries, whole": bare}
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            started, busy = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            done = resource.getrusage(resource.RUSAGE_CHILDREN)
            found[name][0].append((time.perf_counter() - started) * 1e3)
            spent = done.ru_utime + done.ru_stime - busy.ru_utime - busy.ru_stime
            found[name][1].append(spent * 1e3)
    return found


def row(name: str, wall: list[float], cpu: list[float]) -> list[str]:
    parts = [statistics.median(wall), _p95(wall), statistics.median(cpu), _p95(cpu)]
    return [name, *(f"{part:.1f}" for part in parts), str(len(wall))]


def _p95(values: list[float]) -> float:
    return sorted(values)[min(int(0.95 * len(values)), len(values) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--at", type=Path, help="keep the collection here, and use it if there")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.at or Path(folder) / "collection.db"
        if not path.exists():
            make(path, options.cards, options.reviews)
        found = timed_commands(path)
        with open_collection(path) as collection:
            once, more = measure(collection, Path(folder) / "cache", options.answers)
    found |= more
    about = machine()
    heads = ("ms", "median", "p95", "processor, median", "processor, p95", "times")
    text = "\n\n".join(
        (
            f"{options.cards:,} cards, {options.reviews:,} reviews. {machine_line(about)}",
            table(heads, [row(name, *times) for name, times in found.items()]),
            table(("once a session", "s"), [(name, f"{s:.1f}") for name, s in once.items()]),
        )
    )
    print(text)
    if options.json:
        figures = {"machine": about, "ms": found, "once_s": once}
        options.json.write_text(json.dumps(figures, indent=1))
    if options.readme:
        put_into_readme("study", text)


def measure(
    collection: Collection, cache: Path, answers: int
) -> tuple[dict[str, float], dict[str, tuple[list[float], list[float]]]]:
    """Seconds of what is done once; wall-clock and processor times of what is done often, ms."""

    def reading(work: Callable[[Any], Any]) -> Callable[[], None]:
        def run() -> None:
            with collection.reading() as transaction:
                work(transaction)

        return run

    queries = {
        "`due`, 30 days": reading(lambda transaction: due_by_day(transaction, 30)),
        "`decks`": reading(decks_today),
        "`stats`": reading(study_numbers),
        "begin": lambda: begin(collection),
    }
    found = {name: timed(work) for name, work in queries.items()}
    foreseer, once = foreseer_of(collection, cache)
    session = begin(collection)
    found["ranked"] = timed(lambda: ranked(collection, session, foreseer))
    dice = random.Random(2)
    session, shown = next_card(collection, session)
    graded: tuple[list[float], list[float]] = ([], [])
    looked: tuple[list[float], list[float]] = ([], [])
    for _ in range(answers):
        if shown is None:
            break
        started, busy = time.perf_counter(), time.process_time()
        shown = look_ahead(shown, foreseer)
        looked[0].append((time.perf_counter() - started) * 1e3)
        looked[1].append((time.process_time() - busy) * 1e3)
        rating = dice.choice([1, 3, 3, 3, 3, 4])
        started, busy = time.perf_counter(), time.process_time()
        session, _ = answer(collection, session, shown, rating, duration_ms=3_000)
        session, shown = next_card(collection, session, foreseer)
        graded[0].append((time.perf_counter() - started) * 1e3)
        graded[1].append((time.process_time() - busy) * 1e3)
    return once, {"answer: grade to next card": graded, "look ahead": looked, **found}


if __name__ == "__main__":
    main()
