"""``recollect settings``: the learner's day, and how decks are studied."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from recollect.collection import Deck, Preset, Transaction

__all__ = ["command"]

_OF_ALL = {"time_zone": str, "rollover_hour": int}
_NOT_SET = ("id", "name", "extra")
_TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


@click.command(
    "settings",
    epilog=examples(
        "recollect settings",
        "recollect settings time_zone=Europe/Berlin rollover_hour=4",
        "recollect settings desired_retention=0.85 learning_steps_minutes=1,10",
        "recollect settings --deck Spanish new_per_day=10",
        "recollect settings --deck Spanish preset=Default",
    ),
)
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--deck",
    metavar="D",
    help="Change this deck, and those within it that are studied like it. "
    "Default: decks that have no settings of their own.",
)
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(session: Session, *, values: tuple[str, ...], deck: str | None, as_json: bool) -> None:
    """Show the settings, or change those that are named.

    A change can be taken back with 'recollect undo'.
    """
    from recollect.cli._collection import opened_collection

    named = _named(values, deck)
    with opened_collection(session) as collection:
        if named:
            with collection.transaction("Change settings") as transaction:
                _change(transaction, named, deck)
        with collection.reading() as transaction:
            _show(transaction, deck, as_json)


def _named(values: tuple[str, ...], deck: str | None) -> dict[str, str]:
    """The values by name; what cannot be meant is a usage error."""
    known = [*_OF_ALL, *_kinds()] if deck is None else [*_kinds(), "preset"]
    named: dict[str, str] = {}
    for item in values:
        name, equals, text = item.partition("=")
        if not equals:
            raise click.UsageError(f"{item!r} is no setting; write NAME=VALUE")
        if name not in known:
            raise click.UsageError(f"{name!r} is no setting{_of(deck)}; there are {_list(known)}")
        if name in named:
            raise click.UsageError(f"{name} is set twice")
        named[name] = text.strip()
    if "preset" in named and len(named) > 1:
        raise click.UsageError("preset= chooses other settings as a whole; set nothing beside it")
    return named


def _of(deck: str | None) -> str:
    return "" if deck is None else " of a deck"


def _list(names: list[str]) -> str:
    return ", ".join(names)


def _kinds() -> dict[str, type]:
    """What can be set for decks, and of what type it is."""
    from recollect.collection import Preset

    example = Preset(0, "")
    return {
        field.name: type(getattr(example, field.name))
        for field in fields(Preset)
        if field.name not in _NOT_SET
    }


def _value(name: str, text: str, kind: type) -> Any:
    try:
        if kind is bool:
            return _TRUTH[text.lower()]
        if kind is tuple:
            return tuple(float(part) for part in text.replace(",", " ").split())
        return kind(text)
    except (KeyError, ValueError):
        wanted = {bool: "yes or no", tuple: "minutes such as 1,10", int: "a whole number"}
        raise click.UsageError(f"{name} is {wanted.get(kind, 'a number')}, not {text!r}") from None


def _change(transaction: Transaction, named: dict[str, str], deck: str | None) -> None:
    from recollect.cli._collection import chosen_deck
    from recollect.collection import presets, settings
    from recollect.collection.deck_presets import change_preset_of_deck, give_preset
    from recollect.errors import UnknownNameError

    of_all = {name: _value(name, named[name], _OF_ALL[name]) for name in named if name in _OF_ALL}
    if of_all:
        present = settings.get_settings(transaction)
        settings.update_settings(transaction, replace(present, **of_all))
    kinds = _kinds()
    of_decks = {name: _value(name, named[name], kinds[name]) for name in named if name in kinds}
    chosen = chosen_deck(transaction, deck)
    if chosen is None:
        if of_decks:
            first = presets.get_preset(transaction, 1)
            presets.update_preset(transaction, replace(first, **of_decks))
        return
    if of_decks:
        change_preset_of_deck(transaction, chosen.id, of_decks)
    if "preset" in named:
        there = {preset.name: preset for preset in presets.list_presets(transaction)}
        if named["preset"] not in there:
            raise UnknownNameError("preset", named["preset"], there)
        give_preset(transaction, chosen.id, there[named["preset"]])


def _show(transaction: Transaction, deck: str | None, as_json: bool) -> None:
    from recollect.cli._collection import chosen_deck
    from recollect.cli._outputs import print_json
    from recollect.cli._tables import Column, heading, print_table
    from recollect.collection import decks, presets, settings

    present = settings.get_settings(transaction)
    of_all = {name: getattr(present, name) for name in _OF_ALL}
    chosen = chosen_deck(transaction, deck)
    every = decks.list_decks(transaction)
    shown = [
        preset
        for preset in presets.list_presets(transaction)
        if chosen is None or chosen.preset_id == preset.id
    ]
    if as_json:
        of_decks = [
            {"name": preset.name, "decks": _decks_of(preset, every), **_values(preset)}
            for preset in shown
        ]
        print_json("settings", {**of_all, "presets": of_decks})
        return
    if chosen is None:
        heading("Collection")
        print_table(
            [Column("", text=True), Column("", text=True)],
            [[name, str(value)] for name, value in of_all.items()],
        )
    for preset in shown:
        heading(f"Preset {preset.name}")
        print_table(
            [Column("", text=True), Column("", text=True, foldable=True)],
            [
                *([name, _text(value)] for name, value in _values(preset).items()),
                ["decks", ", ".join(_decks_of(preset, every)) or "none"],
            ],
        )


def _values(preset: Preset) -> dict[str, Any]:
    return {name: getattr(preset, name) for name in _kinds()}


def _decks_of(preset: Preset, every: list[Deck]) -> list[str]:
    return [deck.name for deck in every if deck.preset_id == preset.id]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(f"{step:g}" for step in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
