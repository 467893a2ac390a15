"""Between the dataclasses of :mod:`recollect.collection.rows` and rows of the tables."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from recollect.collection import schema
from recollect.collection.rows import (
    Card,
    Deck,
    MediaFile,
    NoteVersion,
    ReviewEntry,
    Settings,
)
from recollect.errors import CollectionDamagedError, NoteError

__all__ = [
    "card_from",
    "card_row",
    "clean_name",
    "clean_text",
    "deck_from",
    "deck_row",
    "fields_from",
    "fields_text",
    "from_json",
    "media_from",
    "media_row",
    "review_from",
    "review_row",
    "settings_from",
    "settings_row",
    "sha256_of",
    "to_json",
    "version_from",
    "without_controls",
]

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

_card_values = attrgetter(*(column.name for column in schema.cards.columns))
_deck_values = attrgetter(*(column.name for column in schema.decks.columns))
_review_values = attrgetter(*(column.name for column in schema.reviews.columns))


def to_json(value: object) -> str:
    """Compact JSON; NUL is written as an escape, which every database keeps.

    Raises:
        NoteError: the value cannot be written as JSON.
    """
    if value == {}:
        return "{}"
    try:
        text = _encode(value)
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NoteError(f"what is carried along is no JSON: {error}") from error
    return text


def from_json(text: str) -> Any:
    """What :func:`to_json` wrote.

    Raises:
        CollectionDamagedError: it is no JSON.
    """
    if text == "{}":
        return {}
    try:
        return json.loads(text)
    except ValueError as error:
        raise CollectionDamagedError(
            "a row of the collection cannot be read; see what is damaged with: recollect check"
        ) from error


def clean_text(text: str) -> str:
    """The text without what some database cannot keep: NUL and half surrogates become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", _REPLACEMENT)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = "".join(_REPLACEMENT if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def clean_name(name: str, kind: str) -> str:
    """A name in Unicode NFC, without control characters and without spaces around it.

    Args:
        name: as it was given.
        kind: what it names, for the message.

    Raises:
        NoteError: nothing is left, or it is longer than a name can be.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    if not cleaned.isprintable():
        cleaned = without_controls(clean_text(cleaned)).strip()
    if not cleaned:
        raise NoteError(f"a {kind} needs a name")
    if len(cleaned) > schema.LONGEST_NAME:
        raise NoteError(
            f"the name of a {kind} can have {schema.LONGEST_NAME} characters, "
            f"not {len(cleaned)}: {cleaned[:40]}..."
        )
    return cleaned


def without_controls(text: str) -> str:
    """The text with a space in the place of each control character."""
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)


def fields_text(fields: Iterable[str]) -> str:
    """The fields of a note as they are kept and fingerprinted: a JSON list of texts."""
    return _encode([clean_text(text) for text in fields])


def fields_from(text: str) -> tuple[str, ...]:
    """What :func:`fields_text` wrote.

    Raises:
        CollectionDamagedError: it is no JSON.
    """
    return tuple(from_json(text))


def sha256_of(text: str) -> str:
    """Fingerprint of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def settings_row(settings: Settings) -> tuple[Any, ...]:
    """A row of ``settings``."""
    return (
        1,
        settings.created_at_ms,
        settings.time_zone,
        settings.rollover_hour,
        settings.fuzz_seed,
        to_json(settings.extra),
    )


def settings_from(row: Sequence[Any]) -> Settings:
    """From a row of ``settings``."""
    return Settings(row[1], row[2], row[3], row[4], from_json(row[5]))


def deck_row(deck: Deck) -> tuple[Any, ...]:
    """A row of ``decks``."""
    *values, extra = _deck_values(deck)
    return (*values, to_json(extra))


def deck_from(row: Sequence[Any]) -> Deck:
    """From a row of ``decks``."""
    values = [*row[:-1], from_json(row[-1])]
    return Deck(*values)


def card_row(card: Card) -> tuple[Any, ...]:
    """A row of ``cards``."""
    values = _card_values(card)
    return (*values[:-1], to_json(values[-1]))


def card_from(row: Sequence[Any]) -> Card:
    """From a row of ``cards``."""
    values = [*row[:-1], from_json(row[-1])]
    return Card(*values)


def review_row(entry: ReviewEntry) -> tuple[Any, ...]:
    """A row of ``reviews``."""
    values = _review_values(entry)
    if entry.typed is None and entry.reason is None:
        return values
    typed = None if entry.typed is None else clean_text(entry.typed)
    reason = None if entry.reason is None else to_json(entry.reason)
    return (*values[:6], typed, *values[7:11], reason)


def review_from(row: Sequence[Any]) -> ReviewEntry:
    """From a row of ``reviews``."""
    if row[-1] is None:
        return ReviewEntry(*row)
    values = [*row[:-1], from_json(row[-1])]
    return ReviewEntry(*values)


def version_from(row: Sequence[Any]) -> NoteVersion:
    """From a row of ``note_versions``."""
    return NoteVersion(row[0], row[1], fields_from(row[2]), row[3], row[4])


def media_row(file: MediaFile) -> tuple[Any, ...]:
    """A row of ``media``."""
    return (file.name, file.sha256, file.size_bytes)


def media_from(row: Sequence[Any]) -> MediaFile:
    """From a row of ``media``."""
    return MediaFile(*row)
