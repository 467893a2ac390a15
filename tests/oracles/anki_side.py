"""What Anki itself makes of a package; run in an interpreter that has the ``anki`` package.

    python anki_side.py dump FILE        import a package or CSV into an empty collection, and
                                         print that as JSON
    python anki_side.py make FOLDER      study a collection with everything in it, export it

Not imported by any test: Anki is installed apart from Recollect, and its code stays there.
"""

import base64
import hashlib
import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anki.collection import (
    Collection,
    ExportAnkiPackageOptions,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
    ImportCsvRequest,
)


def imported(package: Path, folder: Path) -> Collection:
    path = folder / "collection.anki2"
    if package.suffix in (".csv", ".tsv"):
        collection = Collection(str(path))
        metadata = collection.get_csv_metadata(str(package), None)
        collection.import_csv(ImportCsvRequest(path=str(package), metadata=metadata))
        return collection
    if package.suffix == ".colpkg":
        empty = Collection(str(path))
        empty.close(downgrade=False)
        empty._backend.import_collection_package(
            col_path=str(path),
            backup_path=str(package),
            media_folder=str(folder / "collection.media"),
            media_db=str(folder / "collection.mdb"),
        )
        return Collection(str(path))
    collection = Collection(str(path))
    options = ImportAnkiPackageOptions(with_scheduling=True, with_deck_configs=True)
    collection.import_anki_package(
        ImportAnkiPackageRequest(package_path=str(package), options=options)
    )
    return collection


def dumped(collection: Collection) -> dict:
    offset = collection.get_config("creationOffset", 0)
    made = datetime.fromtimestamp(collection.db.scalar("SELECT crt FROM col"), UTC)
    day_0 = (made - timedelta(minutes=offset)).date().toordinal()
    notes, cards, used = {}, [], set()
    guid_of = dict(collection.db.all("SELECT id, guid FROM notes"))
    for number in guid_of:
        note = collection.get_note(number)
        used.add(note.mid)
        notes[note.guid] = {
            "id": note.id,
            "type": note.note_type()["name"].rstrip("+"),
            "mod": note.mod,
            "fields": dict(note.items()),
            "tags": sorted(note.tags),
        }
    columns = "id, nid, did, ord, mod, type, queue, due, ivl, factor, reps, lapses, left, "
    columns += "odue, odid, flags, data"
    for row in collection.db.all(f"SELECT {columns} FROM cards ORDER BY id"):
        card = dict(zip(columns.split(", "), row, strict=True))
        card["nid"] = guid_of[card["nid"]]
        card["did"] = collection.decks.name(card["did"])
        card["data"] = json.loads(card["data"] or "{}")
        in_days = card["type"] == 2 or (card["type"] in (1, 3) and card["due"] < 1_000_000_000)
        if in_days:
            card["due"] = str(datetime.fromordinal(day_0 + card["due"]).date())
        cards.append(card)
    log = "SELECT id, cid, ease, ivl, lastIvl, factor, time, type FROM revlog ORDER BY id"
    media = Path(collection.media.dir())
    return {
        "notes": notes,
        "cards": cards,
        "reviews": [list(row) for row in collection.db.all(log)],
        "note_types": [looks(item) for item in collection.models.all() if item["id"] in used],
        "decks": decks_of(collection),
        "media": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(media.iterdir())
        },
    }


def decks_of(collection: Collection) -> dict:
    found = {}
    for item in collection.decks.all():
        if item["id"] == 1 or item["dyn"]:
            continue
        preset = collection.decks.config_dict_for_deck_id(item["id"])
        for name in ("id", "mod", "usn"):
            preset.pop(name, None)
        found[item["name"]] = {"desc": item["desc"], "preset": preset}
    return found


def looks(model: dict) -> dict:
    kept = ("name", "type", "css", "latexPre", "latexPost", "latexsvg", "sortf", "req")
    fields = [{k: v for k, v in item.items() if k != "media"} for item in model["flds"]]
    # An empty collection has note types of these names, so those that come get a plus.
    model["name"] = model["name"].rstrip("+")
    return {name: model[name] for name in kept} | {"flds": fields, "tmpls": model["tmpls"]}


def make(folder: Path) -> None:
    """A collection with cards in every state, and four packages of it."""
    collection = Collection(str(folder / "collection.anki2"))
    media = folder / "source"
    media.mkdir()
    (media / "ä b.png").write_bytes(base64.b64decode("iVBORw0KGgo="))
    (media / "tone.mp3").write_bytes(b"ID3")
    for file in sorted(media.iterdir()):
        collection.media.add_file(str(file))
    decks = [collection.decks.id(name) for name in ("Sprache", "Sprache::漢字", "Other::a::b")]
    preset = collection.decks.add_config_returning_id("Hard")
    settings = collection.decks.get_config(preset)
    settings["new"]["delays"] = [1.0, 10.0, 2880.0]
    settings["new"]["perDay"] = 33
    settings["rev"]["bury"] = True
    collection.decks.update_config(settings)
    deck = collection.decks.get(decks[0])
    deck["desc"], deck["conf"] = "About <b>words</b>", preset
    collection.decks.save(deck)
    names = ["Basic", "Basic (and reversed card)", "Cloze", "Basic (type in the answer)"]
    for at in range(24):
        model = collection.models.by_name(names[at % 4])
        note = collection.new_note(model)
        note.fields[0] = f"{{{{c1::word}}}} {{{{c2::{at}}}}} of & <i>x</i>"
        note.fields[1] = '<img src="ä b.png"> [sound:tone.mp3]' if at % 5 == 0 else f"back {at}"
        note.tags = ["leech", f"level::{at % 3}"] if at % 2 else []
        collection.add_note(note, decks[at % 3])
    study(collection, decks)
    states(collection, decks)
    everything = ExportAnkiPackageOptions(
        with_scheduling=True, with_deck_configs=True, with_media=True
    )
    collection.export_anki_package(
        out_path=str(folder / "rich-latest.apkg"), options=everything, limit=None
    )
    everything.legacy = True
    collection.export_anki_package(
        out_path=str(folder / "rich-legacy.apkg"), options=everything, limit=None
    )
    for legacy in (False, True):
        name = "rich-legacy.colpkg" if legacy else "rich-latest.colpkg"
        collection.export_collection_package(str(folder / name), True, legacy)
        collection.reopen()


def study(collection: Collection, decks: list[int]) -> None:
    for deck in decks:
        collection.decks.select(deck)
        for at in range(14):
            queued = collection.sched.get_queued_cards(fetch_limit=1)
            if not queued.cards:
                break
            card = collection.get_card(queued.cards[0].card.id)
            card.start_timer()
            answer = collection.sched.build_answer(
                card=card, states=queued.cards[0].states, rating=(at * 7 + deck) % 4
            )
            collection.sched.answer_card(answer)


def states(collection: Collection, decks: list[int]) -> None:
    """Suspended, buried, flagged, overdue, relearning, day-long steps, reset by hand."""
    ids = list(collection.find_cards(""))
    collection.sched.suspend_cards(ids[:2])
    collection.sched.bury_cards(ids[2:4])
    collection.set_user_flag_for_cards(3, ids[4:6])
    collection.sched.set_due_date(ids[6:9], "3-9!")
    collection.sched.set_due_date(ids[9:10], "0")
    collection.sched.schedule_cards_as_new(ids[10:11])
    lapsed = collection.get_card(ids[9])
    lapsed.start_timer()
    states = collection._backend.get_scheduling_states(lapsed.id)
    collection.sched.answer_card(
        collection.sched.build_answer(card=lapsed, states=states, rating=0)
    )
    collection.db.execute("UPDATE cards SET type = 1, queue = 3, due = 4 WHERE id = ?", ids[11])


def main() -> None:
    task, place = sys.argv[1], Path(sys.argv[2])
    if task == "make":
        make(place)
        return
    with tempfile.TemporaryDirectory() as folder:
        collection = imported(place, Path(folder))
        json.dump(dumped(collection), sys.stdout)
        collection.close()


if __name__ == "__main__":
    main()
