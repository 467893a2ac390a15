"""Is everything there, and is it what was written?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Select, Text, and_, cast, func, or_, select
from sqlalchemy.sql import ColumnElement

from recollect.collection import schema
from recollect.collection.blobs import blobs_of
from recollect.collection.codecs import sha256_of
from recollect.collection.media import media_report
from recollect.collection.note_types import list_note_types
from recollect.collection.opening import Collection
from recollect.collection.presets import list_presets
from recollect.collection.settings import get_settings
from recollect.collection.templates import parse_template
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionDamagedError, CollectionError, RecollectError
from recollect.reviews.messages import one_line

__all__ = ["CheckReport", "Finding", "check_collection"]

_CHUNK = 5_000
_MOST_OF_A_KIND = 100
_cards, _notes, _versions = schema.cards, schema.notes, schema.note_versions
_decks, _types = schema.decks, schema.note_types

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        severity: ``error`` for what is lost or wrong, ``warning`` for what only looks odd.
        kind: a word for programs, such as ``note-version``.
        message: one line for people: what is wrong, and what to do.
    """

    severity: Severity
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check looked at and found.

    Attributes:
        findings: errors first; at most 100 of a kind, then how many more there are.
        checked: how many notes, versions, cards, reviews and media were looked at.
    """

    findings: tuple[Finding, ...]
    checked: dict[str, int]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is lost or wrong."""
        return all(finding.severity != "error" for finding in self.findings)


def check_collection(
    collection: Collection, tell: Callable[[int, int, str], None] | None = None
) -> CheckReport:
    """Look through the whole collection; nothing is changed.

    Every version of every note is compared with its fingerprint, and so is the content of every
    media file.

    Args:
        collection: which one.
        tell: told of progress: parts done, of how many, what is being looked at.
    """
    findings: list[Finding] = []
    checked: dict[str, int] = {}
    try:
        with collection.reading() as transaction:
            for done, (what, look) in enumerate(_CHECKS.items()):
                if tell is not None:
                    tell(done, len(_CHECKS), what)
                findings.extend(_few(_as_far_as_it_goes(what, look(transaction))))
            for table in (_notes, _versions, _cards, schema.reviews, schema.media):
                query = select(func.count()).select_from(table)
                checked[table.name] = transaction.execute(query).scalar_one()
    except CollectionDamagedError as error:
        findings.append(Finding("error", "database", str(error)))
    findings.sort(key=lambda finding: finding.severity != "error")
    return CheckReport(tuple(findings), checked)


def _as_far_as_it_goes(what: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings until something cannot even be read, and that."""
    try:
        yield from findings
    except (CollectionDamagedError, ValueError, TypeError) as error:
        yield Finding("error", "unreadable", f"{what}: {one_line(error)}")


def _few(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Enough findings of a kind to see what is the matter."""
    counts: dict[tuple[Severity, str], int] = {}
    for finding in findings:
        kind = (finding.severity, finding.kind)
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= _MOST_OF_A_KIND:
            yield finding
    for (severity, name), count in counts.items():
        if count > _MOST_OF_A_KIND:
            yield Finding(severity, name, f"and {count - _MOST_OF_A_KIND} more of the same kind")


def _database(transaction: Transaction) -> Iterator[Finding]:
    if not transaction.is_sqlite:
        return
    run = transaction.connection.exec_driver_sql
    for (problem,) in run("PRAGMA quick_check(100)"):
        if problem != "ok":
            message = f"the file is damaged: {one_line(problem)}; restore a backup"
            yield Finding("error", "database", message)
    for table, row, parent, _ in run("PRAGMA foreign_key_check"):
        message = f"row {row} of {table} points to nothing in {parent}; restore a backup"
        yield Finding("error", "reference", message)


def _versions_are_whole(transaction: Transaction) -> Iterator[Finding]:
    query = select(_versions.c.note_id, _versions.c.version, _versions.c.fields, _versions.c.sha256)
    for part in transaction.execute(query).partitions(_CHUNK):
        for note_id, version, fields, sha256 in part:
            if sha256_of(fields) != sha256:
                message = f"note {note_id}, version {version}: the text is not what was written"
                yield Finding("error", "note-version", f"{message}; restore it from a backup")
            elif not _is_list_of_texts(fields):
                message = f"note {note_id}, version {version}: the fields cannot be read"
                yield Finding("error", "note-version", message)


def _notes_have_fields(transaction: Transaction) -> Iterator[Finding]:
    counts = {kind.id: len(kind.fields) for kind in list_note_types(transaction)}
    query = select(_notes.c.id, _notes.c.note_type_id, _notes.c.version, _versions.c.fields)
    joined = query.outerjoin(
        _versions,
        and_(_versions.c.note_id == _notes.c.id, _versions.c.version == _notes.c.version),
    )
    for part in transaction.execute(joined).partitions(_CHUNK):
        for note_id, note_type_id, version, fields in part:
            if fields is None:
                message = f"note {note_id}: its version {version} is missing; restore a backup"
                yield Finding("error", "note", message)
            elif _is_list_of_texts(fields) and len(json.loads(fields)) != counts.get(note_type_id):
                message = f"note {note_id}: it has not as many fields as its note type"
                yield Finding("error", "note", message)


def _cards_fit(transaction: Transaction) -> Iterator[Finding]:
    has_card = select(_cards.c.id).where(_cards.c.note_id == _notes.c.id).exists()
    for note_id in _first(transaction, select(_notes.c.id).where(~has_card)):
        yield Finding("warning", "note", f"note {note_id}: it has no card; edit or delete it")
    deck = select(_decks.c.is_filtered).where(_decks.c.id == _cards.c.deck_id).scalar_subquery()
    lent = _cards.c.original_deck_id.is_not(None)
    odd: dict[str, ColumnElement[bool]] = {
        "it is in a filtered deck and has no home": and_(deck, ~lent),
        "it has a home elsewhere but is in no filtered deck": and_(~deck, lent),
        "it is in review but due on no day": and_(
            _cards.c.phase == "review", _cards.c.due_day.is_(None)
        ),
        "it is being learnt but is due never": and_(
            _cards.c.phase.in_(("learning", "relearning")),
            _cards.c.due_day.is_(None),
            _cards.c.due_at_ms.is_(None),
        ),
        "its flag is none": ~_cards.c.flag.between(0, 7),
        "its interval is below 0": _cards.c.interval_days < 0,
    }
    for what, condition in odd.items():
        for card_id in _first(transaction, select(_cards.c.id).where(condition)):
            yield Finding("warning", "card", f"card {card_id}: {what}")
    templates = schema.templates
    has_template = (
        select(templates.c.position)
        .where(templates.c.note_type_id == _types.c.id, templates.c.position == _cards.c.ordinal)
        .exists()
    )
    loose = (
        select(_cards.c.id)
        .join(_notes, _notes.c.id == _cards.c.note_id)
        .join(_types, _types.c.id == _notes.c.note_type_id)
        .where(_types.c.kind == "normal", or_(~has_template, _cards.c.ordinal < 0))
    )
    for card_id in _first(transaction, loose):
        message = f"card {card_id}: its note type has no such template; delete the card"
        yield Finding("error", "card", message)


def _settings_can_be_read(transaction: Transaction) -> Iterator[Finding]:
    def looked(kind: str, look: Callable[[], object]) -> Iterator[Finding]:
        try:
            look()
        except (RecollectError, ValueError) as error:
            yield Finding("error", kind, str(error))

    if transaction.execute(select(schema.settings.c.id)).first() is None:
        yield Finding("error", "settings", "the settings are missing; restore a backup")
    else:
        yield from looked("settings", lambda: get_settings(transaction).day_boundary)
    yield from looked("preset", lambda: list_presets(transaction))
    for table, what in ((_decks, "deck"), (schema.presets, "preset")):
        if transaction.execute(select(table.c.id).where(table.c.id == 1)).first() is None:
            yield Finding("error", what, f"the first {what} is missing; restore a backup")
    for kind in list_note_types(transaction):
        if not kind.fields or not kind.templates:
            message = f"note type {kind.name!r}: it has no fields or no templates"
            yield Finding("error", "note-type", message)
        for template in kind.templates:
            for side in (template.question, template.answer):
                try:
                    parse_template(side)
                except CollectionError as error:
                    message = f"note type {kind.name!r}, template {template.name!r}: {error}"
                    yield Finding("warning", "note-type", message)


def _extras_can_be_read(transaction: Transaction) -> Iterator[Finding]:
    for table in schema.metadata.sorted_tables:
        for name in ("extra", "reason"):
            column = table.c.get(name)
            if column is None:
                continue
            key = cast(next(iter(table.primary_key.columns)), Text)
            query = select(key, column).where(column != "{}", column.is_not(None))
            for part in transaction.execute(query).partitions(_CHUNK):
                for number, text in part:
                    if not _is_object(text):
                        message = f"row {number} of {table.name}: {name} cannot be read"
                        yield Finding("error", "extra", message)


def _media_are_whole(transaction: Transaction) -> Iterator[Finding]:
    blobs = blobs_of(transaction)
    sizes = blobs.sizes()
    good: dict[str, bool] = {}
    for name, sha256, size in transaction.execute(select(schema.media)):
        if sha256 not in sizes:
            message = f"media {name!r}: the content is not there; add it again"
            yield Finding("error", "media", message)
            continue
        if sha256 not in good:
            good[sha256] = sizes[sha256] == size and blobs.fingerprint(sha256) == sha256
        if not good[sha256]:
            message = f"media {name!r}: the content is not what was written; add it again"
            yield Finding("error", "media", message)
    report = media_report(transaction)
    for name, note_ids in report.missing.items():
        where = f"note {note_ids[0]}" if note_ids else "a note type"
        more = f" and {len(note_ids) - 1} more" if len(note_ids) > 1 else ""
        message = f"media {name!r}: shown by {where}{more}, but not in the collection"
        yield Finding("warning", "missing-media", message)


_CHECKS: dict[str, Callable[[Transaction], Iterator[Finding]]] = {
    "database": _database,
    "settings": _settings_can_be_read,
    "note versions": _versions_are_whole,
    "notes": _notes_have_fields,
    "cards": _cards_fit,
    "what is carried along": _extras_can_be_read,
    "media": _media_are_whole,
}


def _first(transaction: Transaction, query: Select[int]) -> Iterator[int]:
    for part in transaction.execute(query).partitions(_CHUNK):
        yield from (row[0] for row in part)


def _is_list_of_texts(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, TypeError):
        return False
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, TypeError):
        return False
