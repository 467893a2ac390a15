"""What the notes of a package need: note types, decks and presets, from Anki's forms to ours.

Whatever we have no place for goes along under ``"anki"`` in ``extra``, in the form of schema 11.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recollect.anki.forms import CARD_TEMPLATE, COMMON, DECK, FIELD, NOTE_TYPE, PRESET, Key
from recollect.collection import Deck, Field, NoteType, Preset, Template
from recollect.collection.codecs import clean_text
from recollect.collection.schema import LONGEST_NAME

__all__ = [
    "CARRIED",
    "Catalogue",
    "deck_from_form",
    "note_type_from_form",
    "preset_from_form",
    "sound_name",
    "whole",
]

CARRIED = "anki"
"""Key in ``extra`` of what is carried along for Anki."""

_MOST_FIELDS = 500
_FORBIDDEN = str.maketrans(':{}"', "____")
_LATEST_S = 4_102_444_800  # 2100
_TODAY = ("newToday", "revToday", "lrnToday", "timeToday", "reviewLimitToday", "newLimitToday")


@dataclass(frozen=True)
class Catalogue:
    """Note types, decks and presets of a package, by Anki's ids.

    Attributes:
        note_types: by id.
        decks: by id, without filtered ones; ``preset_id`` is Anki's.
        filtered: ids of the filtered decks.
        presets: by id.
    """

    note_types: Mapping[int, NoteType]
    decks: Mapping[int, Deck]
    filtered: frozenset[int]
    presets: Mapping[int, Preset]


def note_type_from_form(number: int, form: Mapping[str, Any]) -> NoteType | None:
    """A note type; None if it has no field or no template, or hundreds of them.

    Names that we cannot keep are mended: without the characters that templates give a meaning,
    cut to our length, numbered where two are alike.
    """
    fields = _inner_forms(form.get("flds"))
    templates = _inner_forms(form.get("tmpls"))
    if not (0 < len(fields) <= _MOST_FIELDS and 0 < len(templates) <= _MOST_FIELDS):
        return None
    cloze = form.get("type") in (1, True)
    names = _distinct([_field_name(item.get("name")) for item in fields], "Field")
    titles = _distinct([sound_name(item.get("name")) for item in templates], "Card")
    parts = [
        Template(title, text(item.get("qfmt")), text(item.get("afmt")), _carried(item, _LOOKS))
        for title, item in zip(titles, templates, strict=True)
    ]
    own = {"name", "flds", "tmpls", "css", "type", "mod", "usn", "id", "tags", "vers"}
    carried = _sound({k: v for k, v in form.items() if k not in own}, NOTE_TYPE)
    return NoteType(
        id=number,
        name=sound_name(form.get("name")) or f"Note type {number}",
        kind="cloze" if cloze else "normal",
        fields=tuple(
            Field(name, _carried(item, FIELD)) for name, item in zip(names, fields, strict=True)
        ),
        templates=tuple(parts[:1] if cloze else parts),
        css=text(form.get("css")),
        extra={CARRIED: {"id": number} | carried},
        modified_at_ms=whole(form.get("mod"), 0, 0, _LATEST_S) * 1000,
    )


_LOOKS = tuple(key for key in CARD_TEMPLATE if key.name not in ("qfmt", "afmt"))


def deck_from_form(number: int, form: Mapping[str, Any]) -> Deck:
    """A deck, its levels separated by ``::``."""
    parts = [part.strip() for part in text(form.get("name")).replace("\x1f", "::").split("::")]
    name = sound_name("::".join(part for part in parts if part)) or f"Deck {number}"
    own = {"name", "id", "mod", "usn", "desc", "conf", "dyn", *_TODAY}
    keys = [key for key in (*COMMON, *DECK) if key.name not in own]
    return Deck(
        id=number,
        name=name,
        description=text(form.get("desc")),
        preset_id=whole(form.get("conf"), 1),
        extra={CARRIED: _sound({k: v for k, v in form.items() if k not in own}, keys)},
    )


def preset_from_form(number: int, form: Mapping[str, Any]) -> Preset:
    """A preset; values out of our ranges are taken to the nearest that is within."""
    new, review, lapse = (_object(form.get(name)) for name in ("new", "rev", "lapse"))
    retention = _number(form.get("desiredRetention"), 0.9)
    carried = {k: v for k, v in form.items() if k not in ("id", "name", "mod", "usn")}
    return Preset(
        id=number,
        name=sound_name(form.get("name")) or f"Preset {number}",
        desired_retention=min(max(retention or 0.9, 0.5), 0.999),
        new_per_day=whole(new.get("perDay"), 20, 0, 9_999),
        reviews_per_day=whole(review.get("perDay"), 200, 0, 9_999),
        learning_steps_minutes=_steps(new.get("delays")),
        relearning_steps_minutes=_steps(lapse.get("delays")),
        maximum_interval_days=whole(review.get("maxIvl"), 36_500, 1, 36_500),
        bury_siblings=bool(new.get("bury")) or bool(review.get("bury")),
        leech_threshold=whole(lapse.get("leechFails"), 8, 0, 9_999),
        leech_suspends=whole(lapse.get("leechAction"), 0) == 0,
        new_order="random" if whole(new.get("order"), 1) == 0 else "position",
        extra={CARRIED: {"id": number} | _sound(carried, PRESET)},
    )


def sound_name(value: object) -> str:
    """A name that can be kept: one line, not too long; empty if there is none."""
    kept = unicodedata.normalize("NFC", text(value))
    kept = "".join(character if character.isprintable() else " " for character in kept)
    return kept.strip()[: LONGEST_NAME - 20].strip()


def text(value: object) -> str:
    """A text that can be kept; numbers are written out, anything else is empty."""
    if isinstance(value, str):
        return clean_text(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def whole(value: object, default: int, low: int = -(1 << 62), high: int = 1 << 62) -> int:
    """A whole number within bounds; the default where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return default
    return min(max(int(value), low), high)


def _field_name(value: object) -> str:
    return sound_name(value).translate(_FORBIDDEN).lstrip("#/^ ")


def _distinct(names: list[str], kind: str) -> list[str]:
    taken: set[str] = set()
    for at, name in enumerate(names):
        wanted = name or f"{kind} {at + 1}"
        found, number = wanted, 2
        while found in taken:
            found, number = f"{wanted} {number}", number + 1
        taken.add(found)
        names[at] = found
    return names


def _inner_forms(value: object) -> list[Mapping[str, Any]]:
    """Fields or templates, in the order that they say they have."""
    forms = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return sorted(forms, key=lambda item: whole(item.get("ord"), 0))


def _carried(form: Mapping[str, Any], keys: Iterable[Key]) -> dict[str, Any]:
    own = ("name", "ord", "qfmt", "afmt", "media")
    return {CARRIED: _sound({k: v for k, v in form.items() if k not in own}, keys)}


def _sound(form: dict[str, Any], keys: Iterable[Key]) -> dict[str, Any]:
    """A form whose values have the types that Anki expects; others are left out."""
    for key in keys:
        *above, last = key.name.split(".")
        inner: Any = form
        for part in above:
            inner = inner.get(part) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and last in inner and not _fits(inner[last], key.kind):
            inner.pop(last)
    return form


def _fits(value: object, kind: str) -> bool:
    if kind in ("flag", "unset"):
        return isinstance(value, bool | int)
    if kind == "text":
        return isinstance(value, str)
    if kind == "reals":
        return isinstance(value, list) and all(_is_number(item) for item in value)
    return _is_number(value)


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) < 1 << 63
    )


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and _is_number(value) else default


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _steps(value: object) -> tuple[float, ...]:
    steps = value if isinstance(value, list) else []
    return tuple(float(step) for step in steps if _is_number(step) and 0 < step <= 525_600.0)[:50]
