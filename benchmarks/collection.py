"""How long moving in and out takes: a package of any size is made up, imported, exported.

    python benchmarks/collection.py --cards 100000 --reviews 1000000
    python benchmarks/collection.py --cards 1000 --package /tmp/deck.apkg   # only make the package
    python benchmarks/collection.py --json collection.json --readme

Each step runs in a process of its own, so that its peak of memory is its own. Seconds are wall
clock, and those of a processor what the step would take on a machine that does nothing else;
memory is the highest resident size that the system saw.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from report import machine, machine_line, put_into_readme, table

from recollect.anki.catalogue import CARRIED
from recollect.anki.database_out import CollectionHead, note_values, opened_new, write_rows
from recollect.anki.forms_out import deck_form, note_type_form, preset_form
from recollect.collection import Deck, Field, NoteType, Preset, Template

FIRST_MS = 1_600_000_000_000
DAY_MS = 86_400_000
STEPS = {
    "import": "import into an empty collection",
    "again": "import the same again, after a backup: nothing changes",
    "export": "export with history, for every Anki",
    "export-latest": "export with history, for Anki 2.1.50 and later",
}
WORDS = ("time", "person", "year", "way", "day", "thing", "man", "world", "life", "hand", "part")


def make_package(path: Path, cards: int, reviews: int, seed: int = 0) -> None:
    """A package of schema 11: two cards a note, the same number of reviews for each card."""
    import zipfile

    draw = random.Random(seed)
    notes = (cards + 1) // 2
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "collection"
        with opened_new(database, _head(), latest=False) as connection:
            write_rows(connection, "notes", _notes(notes, draw), 11)
            write_rows(connection, "cards", _cards(cards, draw), 18)
            write_rows(connection, "revlog", _reviews(cards, reviews, draw), 9)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            package.write(database, "collection.anki2")
            package.writestr("media", "{}")


def _head() -> CollectionHead:
    carried = {CARRIED: {}}
    note_type = NoteType(
        1_500_000_000_000,
        "Both ways",
        "normal",
        (Field("Front"), Field("Back")),
        (
            Template("Card 1", "{{Front}}", "{{Back}}"),
            Template("Card 2", "{{Back}}", "{{Front}}"),
        ),
        extra=carried,
    )
    decks = [Deck(1, "Default")] + [Deck(FIRST_MS + at, f"Deck::{at}") for at in range(20)]
    return CollectionHead(
        created_s=FIRST_MS // 1000,
        modified_ms=FIRST_MS,
        config={"creationOffset": 0},
        models=[note_type_form(note_type)],
        decks=[deck_form(deck, 0) for deck in decks],
        presets=[preset_form(Preset(1, "Default"), 0)],
    )


def _notes(count: int, draw: random.Random) -> Iterator[tuple[object, ...]]:
    for at in range(count):
        front = f"{draw.choice(WORDS)} <b>{at}</b>"
        back = " ".join(draw.choices(WORDS, k=12))
        joined, plain, checksum = note_values((front, back), 0)
        tags = f" level::{at % 30} {draw.choice(WORDS)} "
        row = (FIRST_MS + at, f"guid{at}", 1_500_000_000_000, FIRST_MS // 1000, -1, tags)
        yield (*row, joined, plain, checksum, 0, "")


def _cards(count: int, draw: random.Random) -> Iterator[tuple[object, ...]]:
    data = '{"pos":%d,"s":%.4f,"d":%.3f,"dr":0.9,"lrt":1700000000}'
    for at in range(count):
        interval = draw.randint(1, 400)
        head = (FIRST_MS + at, FIRST_MS + at // 2, FIRST_MS + at % 20, at % 2, 1_700_000_000, -1)
        state = (2, 2, 1000 + interval, interval, 2500, 10, draw.randint(0, 4), 0, 0, 0, 0)
        yield (*head, *state, data % (at, interval * 1.1, draw.uniform(1, 10)))


def _reviews(cards: int, count: int, draw: random.Random) -> Iterator[tuple[object, ...]]:
    for at in range(count):
        seen = at // cards
        rating = draw.choices((1, 2, 3, 4), (10, 10, 70, 10))[0]
        kind = 0 if seen == 0 else 1
        yield (
            *(FIRST_MS + at * 90_000, FIRST_MS + at % cards, -1, rating, seen + 1, seen),
            *(2500, draw.randint(1_000, 20_000), kind),
        )


def measured(step: str, *arguments: str) -> dict[str, float]:
    """A step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_step(step: str, arguments: list[str]) -> dict[str, float]:
    from measuring import peak_mib

    from recollect.anki import export_package, import_package
    from recollect.collection import open_collection

    start_s = time.perf_counter()
    with open_collection(arguments[0]) as collection:
        if step in ("import", "again"):
            done = import_package(collection, arguments[1])
            assert done.cards.added or step == "again"
        else:
            export_package(
                collection, arguments[1], with_history=True, latest=step == "export-latest"
            )
    return {
        "seconds": time.perf_counter() - start_s,
        "processor_seconds": time.process_time(),
        "peak_mib": peak_mib(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--reviews", type=int, help="default: ten a card")
    parser.add_argument("--package", type=Path, help="only make a package, and leave it there")
    parser.add_argument("--collection", help="URL of an empty collection; default: SQLite")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(run_step(options.step[0], options.step[1:])))
        return
    reviews = options.cards * 10 if options.reviews is None else options.reviews
    if options.package:
        make_package(options.package, options.cards, reviews)
        return
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "deck.apkg"
        make_package(package, options.cards, reviews)
        where = options.collection or str(Path(folder) / "collection.db")
        size = f"{options.cards:,} cards, {reviews:,} reviews, {package.stat().st_size:,} bytes"
        figures = {}
        for step, file in (
            ("import", package),
            ("again", package),
            ("export", Path(folder) / "out.apkg"),
            ("export-latest", Path(folder) / "latest.apkg"),
        ):
            figures[step] = measured(step, where, str(file))
            print(step, json.dumps(figures[step]), file=sys.stderr, flush=True)
    about = machine()
    text = f"{size}. {machine_line(about)}\n\n" + table(
        ("step", "seconds", "seconds of a processor", "highest memory, MiB"),
        [
            (
                STEPS[step],
                f"{found['seconds']:.1f}",
                f"{found['processor_seconds']:.1f}",
                f"{found['peak_mib']:,.0f}",
            )
            for step, found in figures.items()
        ],
    )
    print(text)
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "steps": figures}, indent=1))
    if options.readme:
        put_into_readme("collection", text)


if __name__ == "__main__":
    main()
