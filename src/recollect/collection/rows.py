"""What a collection holds, as plain values: one frozen dataclass a kind of thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from recollect.reviews.days import DayBoundary

__all__ = [
    "Card",
    "Change",
    "Deck",
    "Extra",
    "Field",
    "MediaFile",
    "Note",
    "NoteType",
    "NoteVersion",
    "Phase",
    "Preset",
    "ReviewEntry",
    "ReviewKind",
    "Settings",
    "Template",
]

Extra = Mapping[str, Any]
"""What we carry along for another program: any JSON object."""

Phase = Literal["new", "learning", "review", "relearning"]
ReviewKind = Literal["learning", "review", "relearning", "filtered", "manual", "rescheduled"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole collection.

    Attributes:
        created_at_ms: when the collection was made.
        time_zone: IANA name of the learner's zone.
        rollover_hour: local hour at which a new study day begins.
        fuzz_seed: from what intervals are scattered, so that the same answers give the same days.
        extra: carried along.
    """

    created_at_ms: int
    time_zone: str
    rollover_hour: int
    fuzz_seed: int
    extra: Extra = field(default_factory=dict)

    @property
    def day_boundary(self) -> DayBoundary:
        """Where one study day ends and the next begins."""
        return DayBoundary(self.time_zone, self.rollover_hour)


@dataclass(frozen=True, slots=True)
class Preset:
    """How the cards of some decks are studied.

    Attributes:
        id: number.
        name: unique.
        desired_retention: chance of recall at which a card is due, 0.5-0.999.
        new_per_day: new cards a day, at most.
        reviews_per_day: reviews a day, at most.
        learning_steps_minutes: delays of a new card until it is learnt, if any.
        relearning_steps_minutes: the same after a card was forgotten.
        maximum_interval_days: no interval is longer.
        bury_siblings: put off cards of a note once one of them was answered that day.
        fuzz: scatter intervals a little, so that cards learnt together part.
        leech_threshold: from how many lapses a card is a leech; 0 for never.
        leech_suspends: suspend leeches, instead of only tagging them.
        new_order: ``"position"`` or ``"random"``.
        extra: carried along.
    """

    id: int
    name: str
    desired_retention: float = 0.9
    new_per_day: int = 20
    reviews_per_day: int = 200
    learning_steps_minutes: tuple[float, ...] = (1.0, 10.0)
    relearning_steps_minutes: tuple[float, ...] = (10.0,)
    maximum_interval_days: int = 36_500
    bury_siblings: bool = True
    fuzz: bool = True
    leech_threshold: int = 8
    leech_suspends: bool = True
    new_order: str = "position"
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deck:
    """A deck; the levels of its name are separated by ``::``.

    Attributes:
        id: number.
        name: unique full name.
        description: HTML or plain text.
        preset_id: how it is studied; None for a filtered deck.
        is_filtered: whether it only borrows its cards.
        extra: carried along.
    """

    id: int
    name: str
    description: str = ""
    preset_id: int | None = 1
    is_filtered: bool = False
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a note type."""

    name: str
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """How one kind of card looks: HTML with ``{{Field}}`` in it."""

    name: str
    question: str
    answer: str
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoteType:
    """Which fields a note has and which cards are made of it.

    Attributes:
        id: number.
        name: unique.
        kind: ``"normal"`` makes a card a template, ``"cloze"`` a card a cloze number.
        fields: in order.
        templates: in order; a cloze type has one.
        css: style of its cards.
        extra: carried along.
        modified_at_ms: when it was changed last.
    """

    id: int
    name: str
    kind: Literal["normal", "cloze"]
    fields: tuple[Field, ...]
    templates: tuple[Template, ...]
    css: str = ""
    extra: Extra = field(default_factory=dict)
    modified_at_ms: int = 0

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the fields, in order."""
        return tuple(item.name for item in self.fields)


@dataclass(frozen=True, slots=True)
class Note:
    """A note with its present fields and tags.

    Attributes:
        id: number.
        guid: unique name that it keeps from collection to collection.
        note_type_id: its note type.
        fields: texts (HTML), one for each field of the note type.
        tags: in alphabetical order.
        version: which of its versions the fields are, from 1.
        modified_at_ms: when it was changed last.
        extra: carried along.
    """

    id: int
    guid: str
    note_type_id: int
    fields: tuple[str, ...]
    tags: tuple[str, ...] = ()
    version: int = 1
    modified_at_ms: int = 0
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoteVersion:
    """The fields that a note once had, with their fingerprint (SHA-256, hexadecimal)."""

    note_id: int
    version: int
    fields: tuple[str, ...]
    sha256: str
    written_at_ms: int


@dataclass(frozen=True, slots=True)
class Card:
    """A card and when it is due.

    Attributes:
        id: number.
        note_id: the note that it shows.
        deck_id: where it is.
        original_deck_id: where it belongs while it is in a filtered deck.
        ordinal: which template, or which cloze number less one.
        phase: ``new``, ``learning``, ``review`` or ``relearning``.
        due_at_ms: when it is due, while (re)learning within a day.
        due_day: on which day it is due, in review (or a learning step of a day and more).
        position: place among the new cards.
        interval_days: the present interval, 0 before there is one.
        step: which learning step it is in, from 0.
        suspended: never shown.
        buried_until_day: not shown before that day.
        flag: 0 none, 1-7 a colour.
        extra: carried along.
    """

    id: int
    note_id: int
    deck_id: int
    original_deck_id: int | None = None
    ordinal: int = 0
    phase: Phase = "new"
    due_at_ms: int | None = None
    due_day: int | None = None
    position: int | None = None
    interval_days: int = 0
    step: int | None = None
    suspended: bool = False
    buried_until_day: int | None = None
    flag: int = 0
    extra: Extra = field(default_factory=dict)

    @property
    def home_deck_id(self) -> int:
        """The deck that it belongs to, also while a filtered deck borrows it."""
        return self.deck_id if self.original_deck_id is None else self.original_deck_id


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One entry of the review log.

    Attributes:
        id: number; ms at which it was answered, or the next that is free.
        card_id: which card; it may have been deleted since.
        answered_at_ms: when.
        rating: 1 Again to 4 Easy; 0 for entries that are no answers.
        kind: what the card was in, or ``manual``/``rescheduled`` for entries that are no answers.
        duration_ms: time to answer.
        typed: what the learner typed, if they did.
        interval_before: interval before, raw as in Anki: days, or seconds where negative.
        interval_after: interval after, the same.
        ease_factor: per mille, raw as in Anki; 0 where there is none.
        predicted_recall: the chance of recall that the model gave, if it did.
        reason: why the card came, and why then; any JSON object.
    """

    id: int
    card_id: int
    answered_at_ms: int
    rating: int
    kind: ReviewKind
    duration_ms: int = 0
    typed: str | None = None
    interval_before: int = 0
    interval_after: int = 0
    ease_factor: int = 0
    predicted_recall: float | None = None
    reason: Extra | None = None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture or sound: its name in fields, and the content it stands for."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the undo list."""

    id: int
    made_at_ms: int
    title: str
    undone: bool
