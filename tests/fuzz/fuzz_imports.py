"""Feeds broken packages and text files to the import for as long as it is let; by hand only.

    pip install atheris
    python tests/fuzz/fuzz_imports.py [CORPUS] [-max_total_time=600]

CORPUS is a folder; an empty one is filled with sound inputs. The first byte of an input chooses how
the rest is read: as a package, as the collection, the list of media or another member within one of
the packages in tests/data/anki, as CSV, or as Markdown.
Anything raised but a ``RecollectError`` is a find.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["recollect.anki", "recollect.reviews.anki_opening"]):
    from recollect.anki import import_file
from recollect.collection import open_collection
from recollect.errors import RecollectError

PACKAGES = sorted((Path(__file__).parents[1] / "data" / "anki").glob("*pkg"))
FOLDER = Path(tempfile.mkdtemp(prefix="recollect-fuzz-"))
COLLECTION = open_collection(FOLDER / "collection.db")
MEMBERS = ("collection.anki21", "collection.anki21b", "media", "meta", "0")


def try_one(data: bytes) -> None:
    if not data:
        return
    kind, rest = data[0], data[1:]
    if kind < 40:
        path = FOLDER / "deck.apkg"
        path.write_bytes(rest)
    elif kind < 160:
        source = PACKAGES[kind % len(PACKAGES)]
        path = FOLDER / "deck.apkg"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                chosen = name == MEMBERS[kind // len(PACKAGES) % len(MEMBERS)]
                new.writestr(name, rest if chosen else old.read(name))
    else:
        path = FOLDER / ("notes.csv" if kind < 210 else "notes.md")
        path.write_bytes(rest)
    try:
        import_file(COLLECTION, path, dry_run=True)
    except RecollectError as error:
        said = str(error)
    else:
        return
    assert "\n" not in said, said


def fill(corpus: Path) -> None:
    """Sound inputs to begin with, in a folder that is empty."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    for at, source in enumerate(PACKAGES):
        (corpus / source.name).write_bytes(b"\0" + source.read_bytes())
        with zipfile.ZipFile(source) as package:
            for number, name in enumerate(MEMBERS):
                kind = 40 + next(k for k in range(120) if chooses(40 + k, at, number))
                if name in package.namelist():
                    content = bytes([kind]) + package.read(name)
                    (corpus / f"{source.name}-{number}").write_bytes(content)
    (corpus / "csv").write_bytes(b"\xa0#separator:tab\n#tags column:2\na\tb\tc\n")
    (corpus / "md").write_bytes(b"\xff---\ndeck: a\n---\nQ: a\nA: b\n\n## c\nd\n\ne :: f\n")


def chooses(kind: int, package: int, member: int) -> bool:
    """Whether the first byte stands for that member of that package."""
    count = len(PACKAGES)
    return (kind % count, kind // count % len(MEMBERS)) == (package, member)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            fill(Path(argument))
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()
