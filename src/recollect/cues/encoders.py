"""Encoders by name."""

from __future__ import annotations

import os
from pathlib import Path

from recollect.cues.contract import EncoderSettings
from recollect.cues.dense import DenseSettings
from recollect.cues.ngrams import NgramSettings
from recollect.cues.words import WordSettings
from recollect.errors import UnknownNameError

__all__ = ["ENCODERS", "encoder_settings"]

ENCODERS = ("ngrams", "letters", "sounds", "dense:MODEL")
"""Character n-grams; words by their letters; by their sounds; texts by meaning, with the path or
the name of a model."""


def encoder_settings(name: str | None = None, models: Path | None = None) -> EncoderSettings:
    """How keys are made by the encoder of that name.

    Args:
        name: one of :data:`ENCODERS`, with a model in the place of MODEL; None for
            ``$RECOLLECT_ENCODER``, or the usual one, the first.
        models: where models that are fetched are kept.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name is None:
        name = os.environ.get("RECOLLECT_ENCODER") or ENCODERS[0]
    kind, colon, model = name.partition(":")
    if kind == "dense" and model:
        return DenseSettings(model, models)
    if not colon:
        match kind:
            case "ngrams":
                return NgramSettings()
            case "letters" | "sounds":
                return WordSettings(kind)
    raise UnknownNameError("encoder", name, ENCODERS)
