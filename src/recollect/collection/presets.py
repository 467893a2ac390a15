"""How decks are studied: presets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import select

from recollect.collection import schema
from recollect.collection.codecs import clean_name, from_json, to_json
from recollect.collection.ids import free_ids
from recollect.collection.rows import Preset
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError, UnknownNameError

__all__ = [
    "add_preset",
    "check_preset",
    "delete_presets",
    "get_preset",
    "list_presets",
    "preset_from",
    "preset_row",
    "update_preset",
]

_APART = ("id", "name", "extra")
_LONGEST_INTERVAL_DAYS = 36_500
_MOST_A_DAY = 9_999
_LONGEST_STEP_MINUTES = 525_600.0


def list_presets(transaction: Transaction) -> list[Preset]:
    """All presets, by name."""
    query = select(schema.presets).order_by(schema.presets.c.name)
    return [preset_from(row) for row in transaction.execute(query)]


def get_preset(transaction: Transaction, preset_id: int) -> Preset:
    """The preset of that number.

    Raises:
        UnknownNameError: there is none.
    """
    row = transaction.execute(
        select(schema.presets).where(schema.presets.c.id == preset_id)
    ).first()
    if row is None:
        raise UnknownNameError("preset", preset_id)
    return preset_from(row)


def add_preset(transaction: Transaction, preset: Preset) -> Preset:
    """Add a preset; 0 as its number takes the next that is free.

    Raises:
        CollectionError: the name is taken, or a value is out of its range.
    """
    number = preset.id or free_ids(transaction, schema.presets, 1)[0]
    added = check_preset(replace(preset, id=number, name=clean_name(preset.name, "preset")))
    transaction.insert(schema.presets, [preset_row(added)])
    return added


def update_preset(transaction: Transaction, preset: Preset) -> None:
    """Put a preset in the place of the one with its number.

    Raises:
        UnknownNameError: there is none.
        CollectionError: the name is taken, or a value is out of its range.
    """
    named = replace(preset, name=clean_name(preset.name, "preset"))
    transaction.update(schema.presets, [preset_row(check_preset(named))])


def delete_presets(transaction: Transaction, preset_ids: Iterable[int]) -> None:
    """Delete presets; their decks take the first one.

    Raises:
        CollectionError: the first preset, which stays.
    """
    gone = set(preset_ids)
    if 1 in gone:
        raise CollectionError("the first preset stays; rename it if you like")
    decks = transaction.rows(schema.decks, "preset_id", gone)
    at = list(schema.decks.columns).index(schema.decks.c.preset_id)
    transaction.update(schema.decks, [(*row[:at], 1, *row[at + 1 :]) for row in decks])
    transaction.delete(schema.presets, "id", gone)


def check_preset(preset: Preset) -> Preset:
    """The preset itself.

    Raises:
        CollectionError: a value is out of its range; the message names it.
    """
    _within(preset, "desired_retention", 0.5, 0.999)
    _within(preset, "new_per_day", 0, _MOST_A_DAY)
    _within(preset, "reviews_per_day", 0, _MOST_A_DAY)
    _within(preset, "maximum_interval_days", 1, _LONGEST_INTERVAL_DAYS)
    _within(preset, "leech_threshold", 0, _MOST_A_DAY)
    for name in ("learning_steps_minutes", "relearning_steps_minutes"):
        for step in getattr(preset, name):
            if not (_is_number(step) and 0 < step <= _LONGEST_STEP_MINUTES):
                raise _wrong(preset, name, "minutes, more than 0 and a year at most", step)
    if preset.new_order not in ("position", "random"):
        raise _wrong(preset, "new_order", "position or random", preset.new_order)
    return preset


def preset_row(preset: Preset) -> tuple[Any, ...]:
    """A row of ``presets``."""
    values = {name: value for name, value in asdict(preset).items() if name not in _APART}
    return (preset.id, preset.name, to_json(values), to_json(dict(preset.extra)))


def preset_from(row: Sequence[Any]) -> Preset:
    """From a row of ``presets``.

    Raises:
        CollectionError: a value is out of its range.
    """
    known = {field.name for field in fields(Preset)} - set(_APART)
    values = {name: value for name, value in from_json(row[2]).items() if name in known}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(float(step) if _is_number(step) else step for step in value)
    return check_preset(Preset(id=row[0], name=row[1], extra=from_json(row[3]), **values))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _within(preset: Preset, name: str, least: int | float, most: int | float) -> None:
    value = getattr(preset, name)
    kinds = (int, float) if isinstance(most, float) else int
    if not (_is_number(value) and isinstance(value, kinds) and least <= value <= most):
        raise _wrong(preset, name, f"between {least} and {most}", value)


def _wrong(preset: Preset, name: str, expected: str, found: object) -> CollectionError:
    return CollectionError(f"preset {preset.name!r}: {name} must be {expected}, not {found!r}")
