"""Note types, decks and presets of a package, found in the collection or added to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from recollect.anki.catalogue import CARRIED, Catalogue
from recollect.anki.summary import ImportSummary
from recollect.collection import (
    Deck,
    NoteType,
    Preset,
    Transaction,
    decks,
    note_types,
    presets,
    schema,
)
from recollect.collection.codecs import clean_name

__all__ = ["free_name", "merge_decks", "merge_note_types", "merge_presets", "sound_id"]

_LARGEST_ID = 1 << 53
"""Ids beyond are not exact everywhere; such a thing gets an id of ours."""


def sound_id(number: object) -> bool:
    """Whether an id can be kept."""
    return type(number) is int and 0 < number < _LARGEST_ID


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name, or the name with the first number in brackets that makes it one of its own."""
    found, number = wanted, 2
    while found in taken:
        found, number = f"{wanted} ({number})", number + 1
    return found


def merge_note_types(
    transaction: Transaction, found: Mapping[int, NoteType], summary: ImportSummary
) -> dict[int, NoteType]:
    """Our note type for each of the package's, by its number there.

    The same is one with the same number there and here and the same fields and templates by
    name, or one that is alike in name and all texts. Of the same, newer texts replace older ones;
    one of the same number with other fields is added beside, its name with a number behind.
    """
    ours: dict[int, NoteType] = {}
    there = note_types.list_note_types(transaction)
    names = {item.name for item in there}
    numbers = {item.id for item in there}
    index = {key: item for item in there for key in (*_same_keys(item), _alike_key(item))}
    for number, theirs in found.items():
        same = index.get((number, _shape(theirs))) or index.get(_alike_key(theirs))
        if same is None:
            wanted = replace(
                theirs,
                id=number if sound_id(number) and number not in numbers else 0,
                name=free_name(theirs.name, names),
            )
            same = note_types.add_note_type(transaction, wanted)
            summary.note_types.added += 1
        elif theirs.modified_at_ms > same.modified_at_ms and _texts(same) != _texts(theirs):
            same = replace(theirs, id=same.id, name=same.name)
            note_types.update_note_type(transaction, same)
            summary.note_types.updated += 1
        else:
            summary.note_types.unchanged += 1
        names.add(same.name)
        numbers.add(same.id)
        index.update((key, same) for key in (*_same_keys(same), _alike_key(same)))
        ours[number] = same
    return ours


def merge_presets(
    transaction: Transaction, found: Mapping[int, Preset], summary: ImportSummary
) -> dict[int, Preset]:
    """Our preset for each of the package's, by its number there.

    The same is one that came from the same number there under the same name, or one that is alike
    in name and settings; it stays as it is. In a collection without notes, the package's first
    preset replaces ours.
    """
    ours: dict[int, Preset] = {}
    empty = transaction.execute(schema.notes.select().limit(1)).first() is None
    known = {item.id: item for item in presets.list_presets(transaction)}
    for number, theirs in found.items():
        name = clean_name(theirs.name, "preset")
        same = next((p for p in known.values() if _is_same_preset(p, theirs, name)), None)
        if same is not None:
            summary.presets.unchanged += 1
        elif number == 1 and empty and CARRIED not in known[1].extra:
            others = _names(item for item in known.values() if item.id != 1)
            same = replace(theirs, id=1, name=free_name(name, others))
            presets.update_preset(transaction, same)
            summary.presets.updated += 1
        else:
            taken = number in known or not sound_id(number)
            free = free_name(name, _names(known.values()))
            same = presets.add_preset(
                transaction, replace(theirs, id=0 if taken else number, name=free)
            )
            summary.presets.added += 1
        known[same.id] = same
        ours[number] = same
    return ours


def merge_decks(
    transaction: Transaction,
    catalogue: Catalogue,
    used: set[int],
    preset_of: Mapping[int, Preset],
    summary: ImportSummary,
) -> dict[int, Deck]:
    """Our deck for each of the package's, by its number there; decks are the same by name.

    Decks that are here stay as they are. The first deck is only added where cards are in it.

    Args:
        transaction: to write with.
        catalogue: of the package.
        used: numbers of the decks that have cards.
        preset_of: our preset for each of the package's.
        summary: where it is counted.
    """
    ours: dict[int, Deck] = {}
    known = {deck.name: deck for deck in decks.list_decks(transaction)}
    numbers = {deck.id for deck in known.values()}
    for number, theirs in sorted(catalogue.decks.items(), key=lambda item: item[1].name):
        if number == 1 and 1 not in used:
            continue
        name = decks.clean_deck_name(theirs.name)
        same = known.get(name)
        if same is None or same.is_filtered:
            preset = preset_of.get(theirs.preset_id or 1)
            wanted = replace(
                theirs,
                id=number if sound_id(number) and number not in numbers else 0,
                name=free_name(name, known) if same else name,
                preset_id=preset.id if preset else 1,
            )
            before = len(known)
            same = known[wanted.name] = decks.add_deck(transaction, wanted)
            parent = wanted.name.rpartition(decks.SEPARATOR)[0]
            if parent and parent not in known:
                known = {deck.name: deck for deck in decks.list_decks(transaction)}
                numbers = {deck.id for deck in known.values()}
            numbers.add(same.id)
            summary.decks.added += len(known) - before
        else:
            summary.decks.unchanged += 1
        ours[number] = same
    return ours


def _names(items: Iterable[NoteType | Preset]) -> list[str]:
    return [item.name for item in items]


def _same_keys(note_type: NoteType) -> list[tuple[object, ...]]:
    came_from = note_type.extra.get(CARRIED, {}).get("id")
    return [(number, _shape(note_type)) for number in (note_type.id, came_from)]


def _alike_key(note_type: NoteType) -> tuple[object, ...]:
    return (note_type.name, _shape(note_type), _texts(note_type))


def _shape(note_type: NoteType) -> tuple[object, ...]:
    templates = [item.name for item in note_type.templates]
    names = [clean_name(name, "field") for name in (*note_type.field_names, *templates)]
    return (note_type.kind, len(templates), *names)


def _texts(note_type: NoteType) -> tuple[object, ...]:
    looks = [(item.question, item.answer) for item in note_type.templates]
    return (note_type.css, *looks)


def _is_same_preset(ours: Preset, theirs: Preset, name: str) -> bool:
    # In the collection it may stand under the name with a number behind.
    named = ours.name == name or ours.name.startswith(f"{name} (")
    came = ours.extra.get(CARRIED, {}).get("id") == theirs.extra[CARRIED]["id"]
    return named and (came or _settings(ours) == _settings(theirs))


def _settings(preset: Preset) -> Preset:
    return replace(preset, id=0, name="", extra={})
