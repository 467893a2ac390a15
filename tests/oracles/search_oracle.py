"""Search by brute force: every card is held against every term, in plain Python.

Written from the description of the language in ``docs/searching.md``; it shares the tree with the
program, but neither its texts nor its patterns nor its SQL.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from recollect.collection import cards, decks, note_types, notes, presets, reviews, settings
from recollect.collection.search import nodes
from recollect.collection.search.patterns import Glob, Regex
from recollect.errors import SearchError

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
INLINE = {"a", "b", "i", "u", "em", "strong", "span", "font", "sub", "sup", "code"}


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts = []
        self.hidden = 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "script")
        self.parts.append("" if tag in INLINE else " ")
        if tag in ("img", "audio", "video", "source"):
            self.parts.append((dict(attrs).get("src") or "") + " ")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")
        self.parts.append("" if tag in INLINE else " ")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    text = re.sub(r"\s+", " ", "".join(reader.parts)).strip()
    return unicodedata.normalize("NFC", text)


def bare(text):
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def expression(glob: Glob, change=lambda text: text):
    out = ""
    at = 0
    while at < len(glob.text):
        char = glob.text[at]
        if char == "\\" and at + 1 < len(glob.text):
            at += 1
            out += re.escape(change(glob.text[at]))
        else:
            out += {"*": ".*", "_": "."}.get(char) or re.escape(change(char))
        at += 1
    return re.sub(r"(\\\s|\s)+", " ", out)


def whole(pattern, text):
    return re.fullmatch(pattern, text, re.DOTALL | re.IGNORECASE) is not None


def anywhere(pattern, text):
    return re.search(pattern, text, re.DOTALL | re.IGNORECASE) is not None


def levels(name):
    parts = name.split("::")
    return ["::".join(parts[: n + 1]) for n in range(len(parts))]


class BruteForce:
    """All of a collection in memory, to be held against queries."""

    def __init__(self, transaction, extensions=None):
        self.cards = list(cards.iterate_cards(transaction))
        self.notes = {note.id: note for note in notes.iterate_notes(transaction)}
        self.types = {one.id: one for one in note_types.list_note_types(transaction)}
        self.decks = {deck.id: deck for deck in decks.list_decks(transaction)}
        self.presets = {one.id: one for one in presets.list_presets(transaction)}
        self.reviews = defaultdict(list)
        for entry in reviews.iterate_reviews(transaction):
            self.reviews[entry.card_id].append(entry)
        self.now_ms = transaction.now_ms
        boundary = settings.get_settings(transaction).day_boundary
        self.zone, self.hour = ZoneInfo(boundary.time_zone), boundary.rollover_hour
        self.today = self.day(self.now_ms)
        self.transaction = transaction
        self.extensions = extensions

    def day(self, moment_ms):
        local = datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(self.zone)
        return (local.replace(tzinfo=None) - timedelta(hours=self.hour)).toordinal() - 719_163

    def find(self, node):
        return {card.id for card in self.cards if self.holds(node, card)}

    def holds(self, node, card):
        match node:
            case nodes.Everything():
                return True
            case nodes.And(parts):
                return all(self.holds(part, card) for part in parts)
            case nodes.Or(parts):
                return any(self.holds(part, card) for part in parts)
            case nodes.Not(part):
                return not self.holds(part, card)
        return getattr(self, type(node).__name__)(node, card)

    def Text(self, leaf, card):
        fields = self.notes[card.note_id].fields
        if isinstance(leaf.pattern, Regex):
            return any(self.regex(leaf.pattern, html) for html in fields)
        change = bare if leaf.mode == "nc" else lambda text: text
        pattern = expression(leaf.pattern, change)
        if leaf.mode == "word":
            pattern = rf"\b{pattern}\b"
        return any(anywhere(pattern, change(read(html))) for html in fields)

    def regex(self, regex, text):
        matters = regex.text.startswith("(?-i)")
        flags = 0 if matters else re.IGNORECASE
        return re.search(regex.text.removeprefix("(?-i)"), text, flags) is not None

    def FieldIs(self, leaf, card):
        note = self.notes[card.note_id]
        known = {name for one in self.types.values() for name in one.field_names}
        if not any(whole(expression(leaf.name), name) for name in known):
            raise SearchError("no such field", "", 0, 0)
        change = bare if leaf.ignore_marks else lambda text: text
        for name, html in zip(self.types[note.note_type_id].field_names, note.fields, strict=True):
            if whole(expression(leaf.name), name):
                if isinstance(leaf.pattern, Regex):
                    if self.regex(leaf.pattern, html):
                        return True
                elif whole(expression(leaf.pattern, change), change(read(html))):
                    return True
        return False

    def TagIs(self, leaf, card):
        tags = self.notes[card.note_id].tags
        if isinstance(leaf.name, Regex):
            return any(self.regex(leaf.name, tag) for tag in tags)
        if leaf.name.text == "none" and not leaf.ignore_marks:
            return not tags
        if leaf.name.text == "*" and not leaf.ignore_marks:
            return True
        change = bare if leaf.ignore_marks else lambda text: text
        pattern = expression(leaf.name, change)
        return any(whole(pattern, change(level)) for tag in tags for level in levels(tag))

    def DeckIs(self, leaf, card):
        around = [self.decks[n] for n in (card.deck_id, card.original_deck_id) if n is not None]
        if leaf.name.text.lower() == "filtered":
            return any(deck.is_filtered for deck in around)
        return any(
            whole(expression(leaf.name), level) for deck in around for level in levels(deck.name)
        )

    def PresetIs(self, leaf, card):
        preset = self.presets.get(self.decks[card.home_deck_id].preset_id)
        return preset is not None and whole(expression(leaf.name), preset.name)

    def NoteTypeIs(self, leaf, card):
        return whole(expression(leaf.name), self.type_of(card).name)

    def type_of(self, card):
        return self.types[self.notes[card.note_id].note_type_id]

    def TemplateIs(self, leaf, card):
        if leaf.name.text.isdecimal():
            return card.ordinal == int(leaf.name.text) - 1
        templates = self.type_of(card).templates
        at = 0 if self.type_of(card).kind == "cloze" else card.ordinal
        return at < len(templates) and whole(expression(leaf.name), templates[at].name)

    def Ids(self, leaf, card):
        own = {
            "cid": {card.id},
            "nid": {card.note_id},
            "did": {card.deck_id, card.original_deck_id},
            "mid": {self.type_of(card).id},
        }
        return bool(own[leaf.kind] & set(leaf.numbers))

    def Flag(self, leaf, card):
        return card.flag == leaf.number

    def is_buried(self, card):
        return card.buried_until_day is not None and card.buried_until_day > self.today

    def State(self, leaf, card):
        match leaf.name:
            case "new":
                return card.phase == "new"
            case "learn":
                return card.phase in ("learning", "relearning")
            case "review":
                return card.phase in ("review", "relearning")
            case "suspended":
                return card.suspended
            case "buried":
                return not card.suspended and self.is_buried(card)
        if card.phase == "new" or card.suspended or self.is_buried(card):
            return False
        if card.due_at_ms is not None:
            return card.due_at_ms <= self.now_ms + 1_200_000
        return card.due_day is not None and card.due_day <= self.today

    def answers(self, card):
        return [entry for entry in self.reviews[card.id] if entry.rating > 0]

    def Added(self, leaf, card):
        return self.day(card.id) > self.today - leaf.days

    def Edited(self, leaf, card):
        return self.day(self.notes[card.note_id].modified_at_ms) > self.today - leaf.days

    def Rated(self, leaf, card):
        return any(
            self.day(entry.answered_at_ms) > self.today - leaf.days
            and leaf.rating in (None, entry.rating)
            for entry in self.answers(card)
        )

    def Introduced(self, leaf, card):
        days = [self.day(entry.answered_at_ms) for entry in self.answers(card)]
        return bool(days) and min(days) > self.today - leaf.days

    def moved(self, card):
        kinds = ("manual", "rescheduled")
        return [entry for entry in self.reviews[card.id] if entry.kind in kinds]

    def Rescheduled(self, leaf, card):
        days = [self.day(entry.answered_at_ms) for entry in self.moved(card)]
        return any(day > self.today - leaf.days for day in days)

    def Duplicate(self, leaf, card):
        note = self.notes[card.note_id]
        text = re.sub(r"\s+", " ", leaf.text).strip()
        return note.note_type_id == leaf.note_type_id and whole(
            re.escape(text), read(note.fields[0])
        )

    def Extra(self, leaf, card):
        return card.id in set(self.extensions.terms[leaf.name](self.transaction, leaf.text))

    def Property(self, leaf, card):
        def holds(value):
            return COMPARE[leaf.operator](value, leaf.value)

        carried = card.extra.get("anki", {})
        match leaf.name:
            case "ivl":
                return holds(card.interval_days)
            case "pos":
                return card.phase == "new" and card.position is not None and holds(card.position)
            case "ease":
                return COMPARE[leaf.operator](carried.get("factor", 0), round(leaf.value * 1000))
            case "reps":
                return holds(max(len(self.answers(card)), carried.get("reps", 0)))
            case "lapses":
                lapses = [e for e in self.answers(card) if (e.kind, e.rating) == ("review", 1)]
                return holds(max(len(lapses), carried.get("lapses", 0)))
            case "rated":
                return any(
                    holds(self.day(entry.answered_at_ms) - self.today)
                    for entry in self.answers(card)
                    if leaf.rating in (None, entry.rating)
                )
            case "resched":
                return any(holds(self.day(e.answered_at_ms) - self.today) for e in self.moved(card))
            case "due":
                if card.phase == "new" or card.suspended or self.is_buried(card):
                    return False
                if card.due_at_ms is not None:
                    return holds(self.day(card.due_at_ms) - self.today)
                return card.due_day is not None and holds(card.due_day - self.today)
        values = self.extensions.properties[leaf.name](self.transaction)
        return card.id in values and holds(values[card.id])
