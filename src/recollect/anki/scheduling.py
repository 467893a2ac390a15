"""When a card is due: from Anki's row to our card, and back.

Anki counts days from the one on which its collection was made: day 0 is the local date at
``col.crt``, and a study day is named by the date on which it begins. Our days are the same dates,
counted from 1970. What we have no place for (ease, counts, FSRS's state) goes along in ``extra``
with a fingerprint of the card as it was imported, which tells whether it was studied here since.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from recollect.anki.catalogue import CARRIED, text, whole
from recollect.anki.package import CardRow
from recollect.collection import Card, Preset

__all__ = [
    "AnkiState",
    "anki_state",
    "as_new",
    "card_from_row",
    "carried_of",
    "changed_here",
    "first_day",
    "with_fingerprint",
]

_LATEST_S = 4_102_444_800  # 2100
_SECONDS_FROM = 1_000_000_000
"""From here on a due number is seconds since 1970; below, it is days."""

_LATEST_DAY = 10_000_000
_LONGEST_INTERVAL_DAYS = 100_000
_LONGEST_DATA = 4_096
_PHASES = ("new", "learning", "review", "relearning")
_SUSPENDED, _BURIED = -1, (-2, -3)
_STEPS = 1_000
"""``left`` holds the steps left today in thousands, and those left in all below."""


def first_day(created_s: int, offset_minutes: int | None) -> int:
    """The day, since 1970, that is Anki's day 0.

    Args:
        created_s: ``col.crt``.
        offset_minutes: minutes west of UTC, as newer collections note it. Where it is missing,
            it follows from the time itself, which then is 4:00 of the local morning.
    """
    if offset_minutes is None:
        east_s = (4 * 3600 - created_s) % 86_400
        east_s -= 86_400 if east_s > 13 * 3600 else 0
    else:
        east_s = -60 * offset_minutes
    return (created_s + east_s) // 86_400


def card_from_row(
    row: CardRow, *, note_id: int, deck_id: int, day_0: int, preset: Preset, today: int
) -> Card | None:
    """A card as Anki has it; None if its numbers make no sense.

    A card in a filtered deck is taken home: it is due when it was before. The card keeps Anki's
    number, and is not in a note or deck but those given.

    Args:
        row: of the table ``cards``.
        note_id: its note here.
        deck_id: its deck here.
        day_0: see :func:`first_day`.
        preset: of its deck, which has the learning steps.
        today: our number of the present day, until whose end buried cards stay buried.
    """
    numbers = row[5:15]
    if not all(type(cell) is int for cell in numbers) or not 0 <= row.type <= 3:
        return None
    due = row.odue if row.odid and row.odue else row.due
    phase = _PHASES[row.type]
    in_seconds = row.type in (1, 3) and due >= _SECONDS_FROM
    due_day = day_0 + due
    days_make_sense = phase == "new" or in_seconds or abs(due_day) < _LATEST_DAY
    if not days_make_sense or (in_seconds and due >= _LATEST_S):
        return None
    if phase == "new" and abs(due) >= 1 << 40:
        return None
    if row.ivl > _LONGEST_INTERVAL_DAYS:
        return None
    flags = row.flags if type(row.flags) is int else 0
    learning = row.type in (1, 3)
    return Card(
        id=row.id,
        note_id=note_id,
        deck_id=deck_id,
        ordinal=row.ord,
        phase=phase,  # type: ignore[arg-type]
        due_at_ms=due * 1000 if in_seconds else None,
        due_day=None if phase == "new" or in_seconds else due_day,
        position=due if phase == "new" else None,
        interval_days=max(row.ivl, 0) if phase != "new" else 0,
        step=_step(row.left, row.type, preset) if learning else None,
        suspended=row.queue == _SUSPENDED,
        buried_until_day=today + 1 if row.queue in _BURIED else None,
        flag=flags & 7,
        extra={CARRIED: _carried(row)},
    )


def as_new(row: CardRow, *, note_id: int, deck_id: int) -> Card:
    """A card whose numbers make no sense, as if it had never been studied."""
    mod = whole(row.mod, 0, 0, _LATEST_S)
    return Card(
        row.id, note_id, deck_id, ordinal=row.ord, position=0, extra={CARRIED: {"mod": mod}}
    )


def with_fingerprint(card: Card) -> Card:
    """The card with what tells, later, whether it was changed here since."""
    extra = dict(card.extra)
    extra[CARRIED] = dict(carried_of(card)) | {"seen": _fingerprint(card)}
    return replace(card, extra=extra)


def changed_here(card: Card) -> bool:
    """Whether a card is not as it was when it was imported last."""
    return carried_of(card).get("seen") != _fingerprint(card)


def carried_of(card: Card) -> Mapping[str, Any]:
    """What is carried along for Anki."""
    found = card.extra.get(CARRIED)
    return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True)
class AnkiState:
    """Columns of Anki's ``cards`` that say when a card is due and what it went through."""

    mod: int
    type: int
    queue: int
    due: int
    ivl: int
    factor: int
    reps: int
    lapses: int
    left: int
    flags: int
    data: str


def anki_state(
    card: Card, preset: Preset, *, day_0: int, today: int, reps: int, lapses: int, mod_s: int
) -> AnkiState:
    """A card as Anki would have it.

    Args:
        card: ours.
        preset: of its deck, which has the learning steps.
        day_0: the day, since 1970, that is to be Anki's day 0.
        today: our number of the present day.
        reps: answers in the log.
        lapses: times that it was forgotten, by the log.
        mod_s: when it was changed last, if it was changed here.
    """
    carried = carried_of(card)
    same = not changed_here(card)
    kind = _PHASES.index(card.phase)
    due, queue = _due_and_queue(card, kind, day_0)
    if card.suspended:
        queue = _SUSPENDED
    elif card.buried_until_day is not None and card.buried_until_day > today:
        queue = _BURIED[1]
    interval = whole(carried.get("ivl"), 0) if same and "ivl" in carried else card.interval_days
    left = whole(carried.get("left"), 0) if same else _left(card, preset)
    return AnkiState(
        mod=whole(carried.get("mod"), mod_s, 0, _LATEST_S) if same else mod_s,
        type=kind,
        queue=queue,
        due=due,
        ivl=interval,
        factor=whole(carried.get("factor"), 0 if same or not kind else 2500, 0, 1 << 30),
        reps=max(reps, whole(carried.get("reps"), 0, 0, 1 << 30)),
        lapses=max(lapses, whole(carried.get("lapses"), 0, 0, 1 << 30)),
        left=left,
        flags=card.flag,
        data=_data(carried, same),
    )


def _due_and_queue(card: Card, kind: int, day_0: int) -> tuple[int, int]:
    if kind == 0:
        return card.position or 0, 0
    if card.due_at_ms is not None:
        return card.due_at_ms // 1000, 1
    due = (card.due_day or day_0) - day_0
    return due, 2 if kind == 2 else 3


def _carried(row: CardRow) -> dict[str, Any]:
    """Only what is not there already, and not 0: there may be hundreds of thousands."""
    kept = {"mod": whole(row.mod, 0, 0, _LATEST_S)}
    for name in ("factor", "reps", "lapses", "left"):
        value = getattr(row, name)
        if value:
            kept[name] = value
    if row.ivl < 0 or (row.type == 0 and row.ivl):
        kept["ivl"] = row.ivl
    data = text(row.data)
    if data and data != "{}" and len(data) <= _LONGEST_DATA:
        return kept | {"data": data}
    return kept


def _data(carried: Mapping[str, Any], same: bool) -> str:
    """FSRS's state goes only with the answers that it comes from: Anki computes it again."""
    data = text(carried.get("data"))
    if same or not data:
        return data
    try:
        kept = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(kept, dict):
        return ""
    left = {name: kept[name] for name in ("pos", "cd") if name in kept}
    return json.dumps(left, separators=(",", ":")) if left else ""


def _steps_of(kind: int, preset: Preset) -> int:
    steps = preset.relearning_steps_minutes if kind == 3 else preset.learning_steps_minutes
    return len(steps)


def _step(left: int, kind: int, preset: Preset) -> int:
    return max(_steps_of(kind, preset) - left % _STEPS, 0)


def _left(card: Card, preset: Preset) -> int:
    if card.step is None:
        return 0
    remaining = max(_steps_of(_PHASES.index(card.phase), preset) - card.step, 1)
    return remaining * _STEPS + remaining


def _fingerprint(card: Card) -> int:
    """Of what studying changes; not of burying, which ends by itself."""
    values = (
        card.home_deck_id,
        card.phase,
        card.due_at_ms,
        card.due_day,
        card.position,
        card.interval_days,
        card.step,
        card.suspended,
        card.flag,
    )
    return zlib.crc32(repr(values).encode())
