"""Note types, decks and presets of Anki in one form: the JSON objects of schema 11.

Schema 18 keeps the same things as protobuf. The tables below say which key is which field
(``proto/anki/notetypes.proto``, ``decks.proto`` and ``deck_config.proto`` of Anki name the numbers
and types); reading and writing follow them, so that whatever we do not use is carried along.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from recollect.anki.protobuf import Message, field

__all__ = [
    "CARD_TEMPLATE",
    "COMMON",
    "DECK",
    "FIELD",
    "FILTERED",
    "NOTE_TYPE",
    "PRESET",
    "Key",
    "read_form",
    "write_form",
]

_OTHER = 255
"""Field in which schema 18 keeps what schema 11 had besides: JSON."""


class Key(NamedTuple):
    """A key of a JSON object, its levels separated by dots, and its field in protobuf.

    ``kind`` is flag, unset (a flag kept the other way round), whole, given (a whole number or
    none), present (the same, but 0 is not none), real, reals, text, percent, thousandths or order.
    """

    name: str
    number: int
    kind: str


FIELD = (
    Key("sticky", 1, "flag"),
    Key("rtl", 2, "flag"),
    Key("font", 3, "text"),
    Key("size", 4, "whole"),
    Key("description", 5, "text"),
    Key("plainText", 6, "flag"),
    Key("collapsed", 7, "flag"),
    Key("excludeFromSearch", 8, "flag"),
    Key("id", 9, "present"),
    Key("tag", 10, "present"),
    Key("preventDeletion", 11, "flag"),
)
CARD_TEMPLATE = (
    Key("qfmt", 1, "text"),
    Key("afmt", 2, "text"),
    Key("bqfmt", 3, "text"),
    Key("bafmt", 4, "text"),
    Key("did", 5, "given"),
    Key("bfont", 6, "text"),
    Key("bsize", 7, "whole"),
    Key("id", 8, "present"),
)
NOTE_TYPE = (
    Key("type", 1, "whole"),
    Key("sortf", 2, "whole"),
    Key("css", 3, "text"),
    Key("latexPre", 5, "text"),
    Key("latexPost", 6, "text"),
    Key("latexsvg", 7, "flag"),
    Key("originalStockKind", 9, "whole"),
    Key("originalId", 10, "present"),
)
COMMON = (Key("collapsed", 1, "flag"), Key("browserCollapsed", 2, "flag"))
DECK = (
    Key("conf", 1, "whole"),
    Key("extendNew", 2, "whole"),
    Key("extendRev", 3, "whole"),
    Key("desc", 4, "text"),
    Key("md", 5, "flag"),
    Key("reviewLimit", 6, "present"),
    Key("newLimit", 7, "present"),
    Key("desiredRetention", 10, "percent"),
)
FILTERED = (Key("resched", 1, "flag"),)
PRESET = (
    Key("new.delays", 1, "reals"),
    Key("lapse.delays", 2, "reals"),
    Key("fsrsWeights", 3, "reals"),
    Key("easyDaysPercentages", 4, "reals"),
    Key("fsrsParams5", 5, "reals"),
    Key("fsrsParams6", 6, "reals"),
    Key("new.perDay", 9, "whole"),
    Key("rev.perDay", 10, "whole"),
    Key("new.initialFactor", 11, "thousandths"),
    Key("rev.ease4", 12, "real"),
    Key("rev.hardFactor", 13, "real"),
    Key("lapse.mult", 14, "real"),
    Key("rev.ivlFct", 15, "real"),
    Key("rev.maxIvl", 16, "whole"),
    Key("lapse.minInt", 17, "whole"),
    Key("new.ints.0", 18, "whole"),
    Key("new.ints.1", 19, "whole"),
    Key("new.order", 20, "order"),
    Key("lapse.leechAction", 21, "whole"),
    Key("lapse.leechFails", 22, "whole"),
    Key("autoplay", 23, "unset"),
    Key("maxTaken", 24, "whole"),
    Key("timer", 25, "whole"),
    Key("replayq", 26, "unset"),
    Key("new.bury", 27, "flag"),
    Key("rev.bury", 28, "flag"),
    Key("buryInterdayLearning", 29, "flag"),
    Key("newMix", 30, "whole"),
    Key("interdayLearningMix", 31, "whole"),
    Key("newSortOrder", 32, "whole"),
    Key("reviewOrder", 33, "whole"),
    Key("newGatherPriority", 34, "whole"),
    Key("newPerDayMinimum", 35, "whole"),
    Key("questionAction", 36, "whole"),
    Key("desiredRetention", 37, "real"),
    Key("stopTimerOnAnswer", 38, "flag"),
    Key("sm2Retention", 40, "real"),
    Key("secondsToShowQuestion", 41, "real"),
    Key("secondsToShowAnswer", 42, "real"),
    Key("answerAction", 43, "whole"),
    Key("waitForAudio", 44, "flag"),
    Key("weightSearch", 45, "text"),
    Key("ignoreRevlogsBeforeDate", 46, "text"),
)


def read_form(message: Message, keys: Iterable[Key]) -> dict[str, Any]:
    """A message as the JSON object that schema 11 would have."""
    form: dict[str, Any] = {}
    other = message.raw(_OTHER)
    if other:
        try:
            loaded = json.loads(other[-1])
        except (ValueError, RecursionError):
            loaded = None
        form |= loaded if isinstance(loaded, dict) else {}
    for key in keys:
        if key.kind in ("given", "present", "percent") and key.number not in message:
            continue
        _put(form, key.name, _value(message, key))
    ints = form.get("new", {}).get("ints")
    if isinstance(ints, dict):
        form["new"]["ints"] = [ints["0"], ints["1"], 0]
    return form


def write_form(
    form: Mapping[str, Any], keys: Iterable[Key], leave_out: Iterable[str] = ()
) -> bytes:
    """A JSON object as the message of schema 18.

    Args:
        form: as in schema 11.
        keys: what its keys are in protobuf.
        leave_out: keys that are kept elsewhere; any other is kept as JSON.
    """
    out = bytearray()
    known = {key.name.split(".")[0] for key in keys} | set(leave_out)
    for key in keys:
        value = _get(form, key.name)
        if value is not None:
            out += _field(key, value)
    other = {name: value for name, value in form.items() if name not in known}
    return bytes(out) + (field(_OTHER, json.dumps(other)) if other else b"")


def _value(message: Message, key: Key) -> Any:
    match key.kind:
        case "flag":
            return message.flag(key.number)
        case "unset":
            return not message.flag(key.number)
        case "whole" | "given" | "present":
            return message.whole(key.number)
        case "real":
            return message.real(key.number)
        case "percent":
            return round(message.real(key.number) * 100)
        case "thousandths":
            return round(message.real(key.number) * 1000)
        case "order":  # schema 11: 0 at random; schema 18: 1 at random
            return 0 if message.whole(key.number) == 1 else 1
        case "reals":
            return message.reals(key.number)
        case _:
            return message.text(key.number)


def _field(key: Key, value: Any) -> bytes:
    number = key.number
    match key.kind:
        case "flag":
            return field(number, bool(value))
        case "unset":
            return field(number, not value)
        case "whole" | "given":
            return field(number, int(value))
        case "present":
            return field(number, int(value), always=True)
        case "real":
            return field(number, float(value))
        case "percent":
            return field(number, float(value) / 100)
        case "thousandths":
            return field(number, float(value) / 1000)
        case "order":
            return field(number, int(value == 0))
        case "reals":
            return field(number, [float(item) for item in value])
        case _:
            return field(number, str(value))


def _put(form: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")
    for part in above:
        inner = form.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = form[part] = {}
        form = inner
    form[last] = value


def _get(form: Any, name: str) -> Any:
    for part in name.split("."):
        if isinstance(form, Mapping):
            form = form.get(part)
        elif isinstance(form, list | tuple) and part.isdecimal() and int(part) < len(form):
            form = form[int(part)]
        else:
            return None
    return form
