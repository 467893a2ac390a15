"""The documentation does what it says: its Python runs, its commands exist, its links lead on."""

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import click
import numpy as np
import pytest

import recollect.memory
import recollect.memory.layers
from recollect.cli import main
from recollect.reviews import write_csv
from recollect.sample import load_sample

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(
    r"^(?P<exempt><!-- no-run -->\n+)?```(?P<language>[a-z]+)\n(?P<text>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(#[^)\s]+)?\)")
SHELL = {"sh", "bash", "console", "shell"}
SCRIPT = re.compile(r"^(\./)?(scripts|benchmarks|\.ci)/\S+$")


class Block(NamedTuple):
    language: str
    text: str
    line: int
    exempt: bool


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            found["language"],
            found["text"],
            text[: found.start("text")].count("\n"),
            found["exempt"] is not None,
        )
        for found in FENCE.finditer(text)
    ]


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every command in a page's shell blocks; pipes and ``&&`` part commands."""
    for block in blocks(page):
        if block.language not in SHELL or block.exempt:
            continue
        lines = block.text.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        for line in lines:
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
            lexer.commenters = "#"
            lexer.whitespace_split = True
            words: list[str] = []
            for word in lexer:
                if word[0] in "|&;":
                    yield words
                    words = []
                else:
                    words.append(word)
            if words:
                yield words


PAGES_WITH_PYTHON = [
    page
    for page in PAGES
    if any(block.language == "python" and not block.exempt for block in blocks(page))
]
COMMANDS = [(page, words) for page in PAGES for words in commands(page)]
RECOLLECT = [
    (page, words) for page, words in COMMANDS if words[0].rpartition("/")[2] == "recollect"
]


def shown(value: object) -> str | None:
    if isinstance(value, Path):
        return name(value)
    return " ".join(value) if isinstance(value, list) else None


@pytest.fixture
def folder_with_log(tmp_path, monkeypatch):
    """An empty folder, now the current one, but for a learner's log named ``reviews.csv``."""
    log = load_sample().log
    write_csv(log.select(np.arange(len(log)) < 1500), tmp_path / "reviews.csv")
    monkeypatch.chdir(tmp_path)


def test_there_is_something_to_check():
    assert ROOT / "README.md" in PAGES_WITH_PYTHON
    assert len(RECOLLECT) > 10


@pytest.mark.parametrize("page", PAGES_WITH_PYTHON, ids=name)
def test_python_runs(page, folder_with_log, monkeypatch):
    """All blocks of a page in order, in one module: a later one may use an earlier one's names."""
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for block in blocks(page):
        if block.language == "python" and not block.exempt:
            code = compile("\n" * block.line + block.text, str(page), "exec")
            exec(code, vars(module))


@pytest.mark.parametrize(("page", "words"), RECOLLECT, ids=shown)
def test_commands_exist_with_their_options(page, words):
    arguments = words[1:]
    if ">" in arguments:
        arguments = arguments[: arguments.index(">")]
    at = next((i for i, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
    with suppress(click.exceptions.Exit):  # --help and --version end at once
        group = main.make_context("recollect", arguments[: at + 1])
        command = main.get_command(group, arguments[at])
        assert command is not None, f"no command {arguments[at]}"
        if isinstance(command, click.Group) and not arguments[at + 1].startswith("-"):
            at += 1
            command = command.get_command(group, arguments[at])
            assert command is not None, f"no command {arguments[at - 1]} {arguments[at]}"
        command.make_context(arguments[at], arguments[at + 1 :], parent=group)


def test_scripts_that_are_called_exist():
    called = {
        (name(page), word) for page, words in COMMANDS for word in words if SCRIPT.match(word)
    }
    assert ("README.md", "./scripts/check") in called
    missing = {(page, word) for page, word in called if not (ROOT / word).exists()}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    missing = [path for path, _ in LINK.findall(text) if not (page.parent / path).exists()]
    assert not missing


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {path for path, _ in LINK.findall(index)}
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= linked


@pytest.mark.parametrize("module", [recollect.memory, recollect.memory.layers])
def test_the_reference_has_every_public_name_of_the_memories(module):
    text = (ROOT / "docs" / "reference" / "memory.md").read_text(encoding="utf-8")
    listed = re.findall(rf"^::: {re.escape(module.__name__)}\.(\w+)$", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(module.__all__)
