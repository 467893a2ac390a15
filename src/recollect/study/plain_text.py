"""HTML of cards as plain text for a terminal: pictures and sounds by name, lists, line breaks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["plain_text"]

_BLOCKS = frozenset(
    [
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "center",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
        ),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table"),
        *("tr", "ul"),
    ]
)
_SILENT = frozenset({"script", "style", "head", "template", "noscript"})
_SOUND = re.compile(r"\[sound:([^\]\n]+)\]")
_NAMED = {"img": "image", "audio": "sound", "video": "video", "object": "object"}


def plain_text(html: str) -> str:
    """What a card's HTML says, as plain text.

    Pictures become ``[image: name]``, sounds ``[sound: name]``; styles and scripts are left out.
    """
    reader = _Reader()
    reader.feed(_SOUND.sub(r"[sound: \1]", html))
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append("  ")
        elif tag in _BLOCKS:
            self._break()
            if tag == "li":
                self.parts.append("• ")
        elif tag in _NAMED:
            named = dict(attrs)
            name = named.get("alt") or named.get("src") or named.get("data") or ""
            self.parts.append(f"[{_NAMED[tag]}: {name}]" if name else f"[{_NAMED[tag]}]")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _SILENT:
            self.silent -= 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(self.silent - 1, 0)
        elif tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            # Line breaks in the source are spaces; only tags begin a line.
            self.parts.append(data.replace("\n", " "))

    def _break(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")
