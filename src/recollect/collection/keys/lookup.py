"""The keys of a collection's cards: made on first use, kept, and brought up to date.

Only what has changed since is encoded again; all of it when the encoder says that it is time to
fit anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.collection.keys.contents import Content
from recollect.collection.keys.reading import CARD, contents_at, present_cards, state_of
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction
from recollect.cues import (
    Encoder,
    EncoderSettings,
    KeptKeys,
    Keys,
    add_kept,
    load_kept,
    replace_kept,
    text_sums,
)
from recollect.errors import UnknownNameError

__all__ = ["CardKeys", "Told", "card_keys"]

_ENCODED = 4_096
_UNUSED = 1_000
_CARDS = "cards"

Told = Callable[[int, int], None]
"""Told how many texts are encoded, of how many."""


@dataclass(frozen=True)
class CardKeys:
    """The keys of all cards of a collection, as it was when they were looked up.

    Prompts and answers have keys of their own, made by the same encoder, so that a prompt can be
    compared with an answer. Cards of the same text share a row of ``keys``.

    Attributes:
        card_ids: ``[card]`` numbers, ascending.
        note_ids: ``[card]`` numbers of their notes.
        prompt_rows: ``[card]`` rows of the keys of what they ask.
        answer_rows: ``[card]`` rows of the keys of their answers.
        keys: ``[text, component]``
        encoder: made the keys.
        state: of which state of the collection they are.
    """

    card_ids: NDArray[np.int64]
    note_ids: NDArray[np.int64]
    prompt_rows: NDArray[np.int64]
    answer_rows: NDArray[np.int64]
    keys: Keys
    encoder: Encoder
    state: Mapping[str, Any]

    @property
    def prompts(self) -> Keys:
        """``[card, component]`` keys of what the cards ask; a copy."""
        return self.keys[self.prompt_rows]

    @property
    def answers(self) -> Keys:
        """``[card, component]`` keys of the cards' answers; a copy."""
        return self.keys[self.answer_rows]

    def place(self, card_id: int) -> int:
        """Where a card is.

        Raises:
            UnknownNameError: there is none of that number.
        """
        at = self._place_of.get(card_id)
        if at is None:
            raise UnknownNameError("card", card_id)
        return at

    @cached_property
    def _place_of(self) -> dict[int, int]:
        return {number: at for at, number in enumerate(self.card_ids.tolist())}


def card_keys(
    transaction: Transaction,
    settings: EncoderSettings,
    folder: Path | None,
    *,
    known: CardKeys | None = None,
    told: Told = lambda done, total: None,
) -> CardKeys:
    """The keys of all cards, as the transaction sees them.

    Args:
        transaction: to read with.
        settings: how keys are made.
        folder: where keys are kept; None to keep none. They can be deleted at any time.
        known: keys that were looked up before; they are taken if nothing has changed since.
        told: called with how many texts are encoded, of how many.
    """
    state = state_of(transaction) | {"encoder": settings.identity}
    if known is not None and known.state == state:
        return known
    path = None if folder is None else folder / f"{_name(transaction, settings)}.db"
    kept = None if path is None else _sound(load_kept(path, settings))
    if kept is not None and kept.facts == state:
        return _of(kept)
    if kept is not None and path is not None:
        more = _brought_up_to_date(transaction, kept, told)
        if more is not None:
            more = replace(more, facts=state)
            add_kept(path, more, len(kept.keys))
            return _of(more)
    made = replace(_made(transaction, settings, told), facts=state)
    if path is not None:
        replace_kept(path, settings, made)
    return _of(made)


def _name(transaction: Transaction, settings: EncoderSettings) -> str:
    of = get_settings(transaction)
    known = f"{of.created_at_ms} {of.fuzz_seed} {settings.identity}"
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _sound(kept: KeptKeys | None) -> KeptKeys | None:
    """What is kept, if the cards in it are such."""
    if kept is None:
        return None
    rows = kept.companions.get(_CARDS)
    if rows is None or rows.dtype != CARD or rows.ndim != 1:
        return None
    for side in ("prompt", "answer"):
        if len(rows) and not 0 <= rows[side].min() <= rows[side].max() < len(kept.keys):
            return None
    return kept


def _made(transaction: Transaction, settings: EncoderSettings, told: Told) -> KeptKeys:
    """All of it anew."""
    rows, places = present_cards(transaction)
    contents = list(contents_at(transaction, places).values())
    texts = _different(contents)
    told(0, len(texts))
    encoder = settings.fit(texts)
    sums, first = np.unique(text_sums(texts), return_index=True)
    kept = KeptKeys(encoder, sums, _encoded(encoder, [texts[at] for at in first], told))
    return _with_cards(kept, rows, np.ones(len(rows), np.bool_), contents)


def _brought_up_to_date(transaction: Transaction, kept: KeptKeys, told: Told) -> KeptKeys | None:
    """What is kept with what has changed; None if it is time to make all anew."""
    rows, places = present_cards(transaction)
    changed = ~_take_over(kept.companions[_CARDS], rows)
    wanted = {number: places[number] for number in rows["card"][changed].tolist()}
    contents = list(contents_at(transaction, wanted).values())
    texts = _different(contents)
    missing = kept.places(text_sums(texts)) < 0
    new = [text for text, lacks in zip(texts, missing, strict=True) if lacks]
    strangers = kept.strangers + kept.encoder.strangers(new)
    used = np.union1d(rows["prompt"][~changed], rows["answer"][~changed])
    present = len(used) + len(texts)
    if kept.encoder.refit_due(present, strangers):
        return None
    if len(kept.keys) + len(new) > 2 * present + _UNUSED:
        return None
    sums, first = np.unique(text_sums(new), return_index=True)
    keys = _encoded(kept.encoder, [new[at] for at in first], told)
    more = KeptKeys(
        kept.encoder,
        np.concatenate([kept.sums, sums]),
        np.concatenate([kept.keys, keys]),
        strangers,
    )
    return _with_cards(more, rows, changed, contents)


def _take_over(before: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Give cards the keys that they had, and say which ones are as they were."""
    if not len(before):
        return np.zeros(len(rows), np.bool_)
    at = np.minimum(np.searchsorted(before["card"], rows["card"]), len(before) - 1)
    same = (before["card"][at] == rows["card"]) & (before["content"][at] == rows["content"])
    for side in ("prompt", "answer"):
        rows[side][same] = before[side][at[same]]
    return same


def _with_cards(
    kept: KeptKeys, rows: NDArray[Any], changed: NDArray[np.bool_], contents: list[Content]
) -> KeptKeys:
    """With the rows of keys filled in for the cards that have these contents."""
    rows["prompt"][changed] = kept.places(text_sums(content.prompt for content in contents))
    rows["answer"][changed] = kept.places(text_sums(content.answer for content in contents))
    return replace(kept, companions={_CARDS: rows})


def _different(contents: list[Content]) -> list[str]:
    return list(dict.fromkeys(text for content in contents for text in content))


def _encoded(encoder: Encoder, texts: list[str], told: Told) -> Keys:
    keys = np.zeros((len(texts), encoder.dim), np.float32)
    for start in range(0, len(texts), _ENCODED):
        keys[start : start + _ENCODED] = encoder.encode(texts[start : start + _ENCODED])
        told(min(start + _ENCODED, len(texts)), len(texts))
    return keys


def _of(kept: KeptKeys) -> CardKeys:
    rows = kept.companions[_CARDS]
    card, note, prompt, answer = (
        rows[name].astype(np.int64) for name in ("card", "note", "prompt", "answer")
    )
    return CardKeys(card, note, prompt, answer, kept.keys, kept.encoder, kept.facts)
