"""HTML of a card as text for a terminal: blocks as lines, pictures and sounds by name."""

from __future__ import annotations

import re
import unicodedata

from recollect.collection.markup import Tag, parts, unescape

__all__ = ["html_to_text"]

_LINES = re.compile(
    "address|article|aside|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|form|"
    "header|li|main|nav|section|summary|tbody|tfoot|thead|tr"
)
_PARAGRAPHS = re.compile("blockquote|h[1-6]|ol|p|pre|table|ul")
_SOUND = re.compile(r"\[sound:([^\]\n]{1,300})\]")
_SPACES = re.compile(r"[ \t\n\f\u2028\u2029]+")
_GAPS = ("", " ", "  ", "\n", "\n\n")
_RULE = "─" * 20
_DEEPEST = 8


def html_to_text(source: str, *, show_hints: bool = False) -> str:
    """The text of some HTML.

    Scripts and comments are left out, entities resolved, spaces joined but in ``pre``, control
    characters removed, so that no card can command the terminal. Pictures are named in brackets,
    ``[image: cat.jpg]``, and so are sounds and what is to be typed.

    Args:
        source: HTML, however malformed.
        show_hints: show what a hint hides, instead of ``[hint: its name]``.
    """
    writer = _Writer(show_hints)
    for part in parts(source):
        if isinstance(part, str):
            writer.text(part)
        else:
            writer.tag(part)
    return writer.result()


class _Writer:
    def __init__(self, show_hints: bool) -> None:
        self.show_hints = show_hints
        self.written: list[str] = []
        self.gap = ""  # what stands between the last text and the next
        self.lists: list[int | None] = []  # of each open list its last number, None for bullets
        self.raised: list[int] = []  # where each open superscript or subscript begins
        self.preformatted = 0
        self.unread = False  # inside of rp, which is for browsers without ruby
        self.hidden = 0  # how many details are open since the hint that hides them
        self.summary: list[str] | None = None  # its name, while that is being read

    def text(self, source: str) -> None:
        named = _SOUND.sub(lambda found: f"[sound: {found[1]}]", unescape(source))
        cleaned = "".join(c for c in named if c in "\n\t" or unicodedata.category(c) != "Cc")
        if self.hidden:
            if self.summary is not None:
                self.summary.append(cleaned)
        elif self.unread:
            return
        elif self.preformatted:
            self.write(cleaned)
        else:
            joined = _SPACES.sub(" ", cleaned)
            self.leave(" " if joined.startswith(" ") else "")
            if joined.strip(" "):
                self.write(joined.strip(" ").replace("\xa0", " "))
            self.leave(" " if joined.endswith(" ") else "")

    def tag(self, tag: Tag) -> None:
        name = tag.name.removeprefix("/")
        ends = tag.name.startswith("/")
        if self.hidden or (name == "details" and not ends and self.hides(tag)):
            self.hint(name, ends)
            return
        if _LINES.fullmatch(name):
            self.leave("\n")
        elif _PARAGRAPHS.fullmatch(name):
            inner_list = name in ("ol", "ul") and len(self.lists) > ends
            self.leave("\n" if inner_list else "\n\n")
        match name:
            case "br":
                self.gap = "\n\n" if self.gap.startswith("\n") else "\n"
            case "pre":
                self.preformatted = max(0, self.preformatted + (-1 if ends else 1))
            case "ol" | "ul" if ends:
                self.lists = self.lists[:-1]
            case "ol" | "ul":
                self.lists.append(0 if name == "ol" else None)
            case "sup" | "sub":
                self.raise_text("^" if name == "sup" else "_", ends)
            case "rt":
                self.write("]" if ends else "[")
            case "rp":
                self.unread = not ends
            case _ if not ends:
                self.start(tag)

    def start(self, tag: Tag) -> None:
        """Tags that only put something where they begin."""
        named, classes = tag.attributes, tag.attributes.get("class", "").split()
        match tag.name:
            case "hr":
                self.leave("\n")
                self.write(_RULE)
                self.leave("\n")
            case "li":
                self.item()
            case "td" | "th":
                self.leave("  ")
            case "img":
                self.write_name("image", named.get("src") or named.get("alt"))
            case "audio" | "source" | "embed":
                self.write_name("sound", named.get("src"))
            case "video":
                self.write_name("video", named.get("src"))
            case "object":
                self.write_name("object", named.get("data"))
            case "span" if "type-answer" in classes:
                self.write("[type the answer]")
            case "span" if "speech" in classes:
                self.write_name("speech", named.get("lang") or "voice")

    def leave(self, gap: str) -> None:
        """At least so much space before the next text."""
        self.gap = max(self.gap, gap, key=_GAPS.index)

    def write(self, text: str) -> None:
        if self.written:
            self.written.append(self.gap)
        self.gap = ""
        self.written.append(text)

    def write_name(self, kind: str, name: str | None) -> None:
        if name:
            shown = "".join(c for c in name if c.isprintable())
            shown = "data" if shown.startswith("data:") else shown
            self.write(f"[{kind}: {shown}]")

    def item(self) -> None:
        mark = "•"
        if self.lists and (number := self.lists[-1]) is not None:
            self.lists[-1] = number + 1
            mark = f"{number + 1}."
        self.write("  " * min(len(self.lists) - 1, _DEEPEST) + mark)
        self.leave(" ")

    def raise_text(self, mark: str, ends: bool) -> None:
        if not ends:
            self.write(mark)
            self.raised.append(len(self.written))
        elif self.raised:
            start = self.raised.pop()
            if len(self.raised) < _DEEPEST:
                content = "".join(self.written[start:])
                self.written[start:] = [content if content.isalnum() else f"({content})"]

    def hides(self, tag: Tag) -> bool:
        return not self.show_hints and "hint" in tag.attributes.get("class", "").split()

    def hint(self, name: str, ends: bool) -> None:
        """A tag of a hint or within it: all that is seen of it is its name."""
        if name == "summary" and self.hidden == 1:
            self.summary = self.summary if ends else []
            if ends:
                self.write_hint()
        elif name == "details":
            self.hidden += -1 if ends else 1
            self.leave("\n")

    def write_hint(self) -> None:
        name = " ".join("".join(self.summary or []).split())
        self.write(f"[hint: {name}]" if name else "[hint]")
        self.summary = None

    def result(self) -> str:
        lines = "".join(self.written).split("\n")
        return "\n".join(line.rstrip() for line in lines).strip("\n")
