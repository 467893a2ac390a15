"""Questions and answers out of Markdown.

Three ways to write a card, which can be mixed in one file::

    Q: What holds a pair?              a question and an answer, each of any number of lines;
    A: A memory.                       they end before the next Q:, a heading, or two empty lines

    ## What is forgetting?             a heading of level 2 to 6 and the text below it
    Failing to find.

    - la casa :: the house             a line with :: between spaces, as a list or not

A heading with cards below it is a title, not a card. A level-1 heading is the title of the file.
At the very top, between lines ``---``, ``deck: Name`` and ``tags: a b`` can stand.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recollect.anki.text_notes import TextFile, TextNote
from recollect.errors import PackageError

__all__ = ["html_of_markdown", "read_markdown_notes"]

_QUESTION = re.compile(r"^\s{0,3}(?:[-*+]\s+)?(?:\*\*)?[Qq]:(?:\*\*)?\s*(.*)$")
_ANSWER = re.compile(r"^\s{0,3}(?:[-*+]\s+)?(?:\*\*)?[Aa]:(?:\*\*)?\s*(.*)$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_LINE = re.compile(r"^\s*(?:[-*+]\s+|\d+[.)]\s+)?(\S.*?)\s+::\s+(\S.*?)\s*$")
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_CODE = re.compile(r"`([^`\n]+)`")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\(([^)\s]+)\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_HELD = re.compile("\x02(\\d+)\x03")


@dataclass
class _Block:
    """A card being read: kind, where it begins, its question and the lines of its answer."""

    kind: str
    row: int
    question: list[str]
    answer: list[str] = field(default_factory=list)
    answering: bool = False


def read_markdown_notes(path: Path, text: str) -> TextFile:
    """The cards of a Markdown file.

    Args:
        path: where the text comes from, for messages.
        text: what is in it.

    Raises:
        PackageError: a question has no answer, an answer no question, or there is no card.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head, begins = _head(lines)
    found = list(_blocks(path, lines, begins))
    if not found:
        raise PackageError(
            f"{path}: there is no card in it; write Q: and A:, '## question' with the answer "
            "below, or 'question :: answer'"
        )
    tags = tuple(head.get("tags", "").replace(",", " ").split())
    notes = tuple(
        TextNote(
            block.row,
            (html_of_markdown(block.question), html_of_markdown(block.answer)),
            tags=tags,
        )
        for block in found
    )
    return TextFile(notes, deck=head.get("deck", ""))


def html_of_markdown(lines: list[str]) -> str:
    """Markdown as HTML: paragraphs, line breaks, emphasis, code, links and pictures."""
    parts: list[str] = []
    code: list[str] | None = None
    for line in lines:
        if _FENCE.match(line):
            if code is None:
                code = []
            else:
                parts.append(f"<pre><code>{html.escape(chr(10).join(code))}</code></pre>")
                code = None
        elif code is not None:
            code.append(line)
        else:
            parts.append(_inline(line.strip()))
    if code is not None:
        parts.append(f"<pre><code>{html.escape(chr(10).join(code))}</code></pre>")
    while parts and not parts[-1]:
        parts.pop()
    while parts and not parts[0]:
        parts.pop(0)
    return "<br>".join(parts)


def _inline(line: str) -> str:
    held: list[str] = []

    def hold(markup: str) -> str:
        held.append(markup)
        return f"\x02{len(held) - 1}\x03"

    line = line.replace("\x02", "").replace("\x03", "")
    line = _CODE.sub(lambda m: hold(f"<code>{html.escape(m[1])}</code>"), line)
    line = _IMAGE.sub(
        lambda m: hold(f'<img src="{html.escape(m[2])}" alt="{html.escape(m[1])}">'), line
    )
    line = _LINK.sub(lambda m: hold(f'<a href="{html.escape(m[2])}">{html.escape(m[1])}</a>'), line)
    line = html.escape(line, quote=False)
    line = _EMPHASIS.sub(r"<i>\1</i>", _STRONG.sub(r"<b>\1</b>", line))
    return _HELD.sub(lambda m: held[int(m[1])], line)


def _head(lines: list[str]) -> tuple[dict[str, str], int]:
    """What stands between --- at the top, and where the rest begins."""
    if not lines or lines[0].strip() != "---":
        return {}, 0
    for at, line in enumerate(lines[1:50], 1):
        if line.strip() == "---":
            pairs = (item.partition(":") for item in lines[1:at])
            known = {key.strip().casefold(): value.strip() for key, _, value in pairs}
            return {key: value.strip("[]\"'") for key, value in known.items()}, at + 1
    return {}, 0


def _blocks(path: Path, lines: list[str], begins: int) -> Iterator[_Block]:
    block: _Block | None = None
    fenced = False
    for row, line in enumerate(lines[begins:], begins + 1):
        if _FENCE.match(line):
            fenced = not fenced
        kind = None if fenced or _FENCE.match(line) else _kind(line)
        if kind == "answer":
            if block is None or block.kind != "question" or block.answering:
                raise PackageError(f"{path}, row {row}: an answer (A:) without a question (Q:)")
            block.answering = True
            block.answer.append(_matched(_ANSWER, line))
            continue
        if kind in ("question", "heading", "title") or (kind == "line" and _is_loose(block)):
            # A heading with cards below it is a title.
            is_title = block is not None and block.kind == "heading" and kind == "question"
            if block is not None and kind != "line" and not is_title:
                yield from _ended(path, block)
            if kind == "line":
                question, answer = _matched_pair(line)
                yield _Block("line", row, [question], [answer])
                block = None
            else:
                block = _begun(kind, row, line)
            continue
        if block is None:
            continue
        inside = block.answer if block.answering or block.kind == "heading" else block.question
        # Two empty lines end a question and its answer.
        two_empty = not line.strip() and bool(inside) and not inside[-1].strip()
        if block.answering and two_empty and not fenced:
            yield from _ended(path, block)
            block = None
            continue
        inside.append(line)
    if block is not None:
        yield from _ended(path, block)


def _kind(line: str) -> str | None:
    heading = _HEADING.match(line)
    if heading:
        return "title" if len(heading[1]) == 1 else "heading"
    if _QUESTION.match(line):
        return "question"
    if _ANSWER.match(line):
        return "answer"
    return "line" if _LINE.match(line) else None


def _is_loose(block: _Block | None) -> bool:
    """Whether a line with :: is a card: not within a question and its answer."""
    return block is None or block.kind == "heading"


def _begun(kind: str | None, row: int, line: str) -> _Block | None:
    if kind == "question":
        return _Block("question", row, [_matched(_QUESTION, line)])
    heading = _HEADING.match(line)
    return _Block("heading", row, [heading[2]]) if kind == "heading" and heading else None


def _ended(path: Path, block: _Block) -> Iterator[_Block]:
    has_question = any(line.strip() for line in block.question)
    has_answer = any(line.strip() for line in block.answer)
    if has_question and has_answer:
        yield block
    elif block.kind == "question":
        missing = "answer (A:)" if has_question else "text"
        raise PackageError(f"{path}, row {block.row}: a question (Q:) without {missing}")


def _matched(pattern: re.Pattern[str], line: str) -> str:
    match = pattern.match(line)
    return match[1] if match else ""


def _matched_pair(line: str) -> tuple[str, str]:
    match = _LINE.match(line)
    return (match[1], match[2]) if match else ("", "")
