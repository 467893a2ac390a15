"""Imports, and makes collections, in processes that are killed, and looks what is left.

``python killed_imports.py FOLDER PACKAGE KILLS SEED`` prints what was found as JSON. Run on its
own, so that processes can be forked from one that has imported everything and started no thread.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import alembic.command  # noqa: F401  # so that what is killed is the migration, not an import

from recollect.anki import import_file
from recollect.collection import check_collection, notes, open_collection
from recollect.collection.reviews import iterate_reviews

NOTES = 1_000
SUFFIXES = ("", "-wal", "-shm")


def killed(work: Callable[[], object], after_s: float) -> bool:
    """Whether the work was still going on when its process was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, "it failed by itself"
        return False
    return True


def timed(work: Callable[[], object]) -> float:
    """How long the work takes in a process of its own, s."""
    started_s = time.monotonic()
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.waitpid(child, 0)
    return time.monotonic() - started_s


def import_into(path: Path, source: Path) -> None:
    with open_collection(path, create=False) as collection:
        import_file(collection, source)


def copied(path: Path, to: Path) -> None:
    for suffix in SUFFIXES:
        Path(f"{to}{suffix}").unlink(missing_ok=True)
        if Path(f"{path}{suffix}").exists():
            shutil.copy(f"{path}{suffix}", f"{to}{suffix}")


def look(path: Path) -> dict[str, object]:
    with open_collection(path) as collection:
        report = check_collection(collection)
        with collection.reading() as transaction:
            return {
                "sound": report.is_sound,
                "notes": notes.count_notes(transaction),
                "reviews": sum(1 for _ in iterate_reviews(transaction)),
            }


def main(folder: Path, package: Path, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    filled, tried, new = (folder / f"{name}.db" for name in ("filled", "tried", "new"))
    with open_collection(filled) as collection:
        import_file(collection, package)
    shutil.copytree(f"{filled}.media", f"{tried}.media")
    before = look(filled)
    source = folder / "many.csv"
    source.write_text("".join(f"front {n},back {n}\n" for n in range(NOTES)))
    copied(filled, tried)
    import_s = timed(lambda: import_into(tried, source))
    after = look(tried)
    make_s = timed(lambda: open_collection(new).close())
    runs = []
    for run in range(kills):
        if run % 2:
            copied(filled, tried)
            stopped = killed(lambda: import_into(tried, source), dice.uniform(0.0, import_s))
            runs.append({"what": "import", "stopped": stopped, **look(tried)})
        else:
            for suffix in SUFFIXES:
                Path(f"{new}{suffix}").unlink(missing_ok=True)
            stopped = killed(lambda: open_collection(new).close(), dice.uniform(0.0, make_s))
            runs.append({"what": "make", "stopped": stopped, **look(new)})
    print(json.dumps({"before": before, "after": after, "runs": runs}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
