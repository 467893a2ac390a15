"""What of a text makes its key: letters in one form, without case, up to a length."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["LONGEST", "name_text", "readable"]

LONGEST = 2_000
"""Characters of a text that are looked at. What a learner is asked is shorter."""

_READ = 4 * LONGEST  # before it is normalised, which may shorten as well as lengthen
_MEANINGLESS = re.compile(
    r"(?:paste|rec|img|image|dsc|pxl|screenshot|latex)?(?:[-_ ]?\d)*(?:[-_ ]?[0-9a-f]{16,})?"
)
_PARTS = re.compile(r"[\W_]+")


def readable(text: str) -> str:
    """The text in Unicode NFKC, without case, spaces as one, at most :data:`LONGEST` long."""
    if len(text) > _READ:
        text = text[:_READ]
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()  # half surrogates are no characters
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    return " ".join(text.split())[:LONGEST]


def name_text(name: str) -> str:
    """What the name of a picture or a sound tells of it: words, or nothing.

    ``red_panda-2.jpg`` tells "red panda 2"; ``paste-1f4e…a3.png`` and ``IMG_2041.jpg`` were named
    by a machine and tell nothing.
    """
    stem = name.replace("\\", "/").rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    if _MEANINGLESS.fullmatch(stem.casefold()):
        return ""
    return _PARTS.sub(" ", stem).strip()
