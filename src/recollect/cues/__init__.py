"""Keys from content: which texts are alike, and which cards compete. No JAX here.

::

    from recollect.cues import NgramSettings, nearest

    words = ["der Hund", "die Hündin", "das Pferd"]
    encoder = NgramSettings().fit(words)
    keys = encoder.encode(words)
    closest = nearest(keys, encoder.encode(["Hund"]), count=1)
"""

from recollect.cues.competition import Competitors, Pairs, closest_competitors, pairs_of
from recollect.cues.contract import Arrays, Encoder, EncoderSettings, Keys, unit_keys
from recollect.cues.dense import DenseEncoder, DenseSettings
from recollect.cues.encoders import ENCODERS, encoder_settings
from recollect.cues.kept import KeptKeys, add_kept, load_kept, replace_kept, text_sums
from recollect.cues.nearest import Nearest, nearest
from recollect.cues.ngrams import NgramEncoder, NgramSettings
from recollect.cues.reading import LONGEST, name_text, readable
from recollect.cues.spelling import (
    closest_spellings,
    latin_letters,
    sound_classes,
    spelling_similarity,
)
from recollect.cues.words import WordEncoder, WordSettings

__all__ = [
    "ENCODERS",
    "LONGEST",
    "Arrays",
    "Competitors",
    "DenseEncoder",
    "DenseSettings",
    "Encoder",
    "EncoderSettings",
    "KeptKeys",
    "Keys",
    "Nearest",
    "NgramEncoder",
    "NgramSettings",
    "Pairs",
    "WordEncoder",
    "WordSettings",
    "add_kept",
    "closest_competitors",
    "closest_spellings",
    "encoder_settings",
    "latin_letters",
    "load_kept",
    "name_text",
    "nearest",
    "pairs_of",
    "readable",
    "replace_kept",
    "sound_classes",
    "spelling_similarity",
    "text_sums",
    "unit_keys",
]
