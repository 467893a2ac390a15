"""Note types, decks and presets of ours in Anki's form, the JSON objects of schema 11."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recollect.anki.catalogue import CARRIED, whole
from recollect.collection import Deck, NoteType, Preset

__all__ = ["deck_form", "note_type_form", "preset_form"]

_LATEX_BEFORE = (
    "\\documentclass[12pt]{article}\n\\special{papersize=3in,5in}\n\\usepackage{amssymb,amsmath}\n"
    "\\pagestyle{empty}\n\\setlength{\\parindent}{0in}\n\\begin{document}\n"
)
_LATEX_AFTER = "\\end{document}"
_TODAY = dict.fromkeys(("newToday", "revToday", "lrnToday", "timeToday"), (0, 0))


def note_type_form(note_type: NoteType) -> dict[str, Any]:
    """A note type as schema 11 has it in ``models``."""
    carried = {k: v for k, v in _carried(note_type.extra).items() if k != "id"}
    defaults: dict[str, Any] = {
        "sortf": 0,
        "did": None,
        "latexPre": _LATEX_BEFORE,
        "latexPost": _LATEX_AFTER,
        "latexsvg": False,
        "req": [],
    }
    form: dict[str, Any] = {
        **defaults,
        **carried,
        "id": note_type.id,
        "name": note_type.name,
        "type": int(note_type.kind == "cloze"),
        "mod": note_type.modified_at_ms // 1000,
        "usn": -1,
        "css": note_type.css,
    }
    form["sortf"] = whole(form["sortf"], 0, 0, len(note_type.fields) - 1)
    plain = {"sticky": False, "rtl": False, "font": "Arial", "size": 20, "media": []}
    form["flds"] = [
        {**plain, **_carried(item.extra), "name": item.name, "ord": at}
        for at, item in enumerate(note_type.fields)
    ]
    bare = {"bqfmt": "", "bafmt": "", "did": None, "bfont": "", "bsize": 0}
    form["tmpls"] = [
        {**bare, **_carried(item.extra), "name": item.name, "ord": at}
        | {"qfmt": item.question, "afmt": item.answer}
        for at, item in enumerate(note_type.templates)
    ]
    return form


def deck_form(deck: Deck, modified_s: int) -> dict[str, Any]:
    """A deck as schema 11 has it in ``decks``."""
    defaults = {"collapsed": False, "browserCollapsed": False, "extendNew": 0, "extendRev": 0}
    return {
        **defaults,
        **_carried(deck.extra),
        **{name: list(pair) for name, pair in _TODAY.items()},
        "id": deck.id,
        "mod": modified_s,
        "name": deck.name,
        "usn": -1,
        "desc": deck.description,
        "dyn": 0,
        "conf": deck.preset_id or 1,
    }


def preset_form(preset: Preset, modified_s: int) -> dict[str, Any]:
    """A preset as schema 11 has it in ``dconf``."""
    carried = {k: v for k, v in _carried(preset.extra).items() if k != "id"}
    new, review, lapse = (_object(carried.get(name)) for name in ("new", "rev", "lapse"))
    form: dict[str, Any] = {"maxTaken": 60, "autoplay": True, "timer": 0, "replayq": True}
    form |= carried | {"id": preset.id, "name": preset.name, "mod": modified_s, "usn": -1}
    buried = {"bury": preset.bury_siblings}
    was_buried = bool(new.get("bury")) or bool(review.get("bury"))
    apart = was_buried == preset.bury_siblings  # Anki has two switches for our one
    form["new"] = {
        **{"bury": preset.bury_siblings, "initialFactor": 2500, "ints": [1, 4, 0]},
        **new,
        **({} if apart else buried),
        "delays": list(preset.learning_steps_minutes),
        "order": int(preset.new_order != "random"),
        "perDay": preset.new_per_day,
    }
    form["rev"] = {
        **{"bury": preset.bury_siblings, "ease4": 1.3, "ivlFct": 1.0, "hardFactor": 1.2},
        **review,
        **({} if apart else buried),
        "maxIvl": preset.maximum_interval_days,
        "perDay": preset.reviews_per_day,
    }
    form["lapse"] = {
        **{"minInt": 1, "mult": 0.0},
        **lapse,
        "delays": list(preset.relearning_steps_minutes),
        "leechAction": int(not preset.leech_suspends),
        "leechFails": preset.leech_threshold,
    }
    form["dyn"] = False
    form["desiredRetention"] = preset.desired_retention
    return form


def _carried(extra: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_object(extra.get(CARRIED)))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
