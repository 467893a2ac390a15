"""``docs/cli.md`` and the help speak of the same commands and options."""

import dataclasses
import re
import shlex
from pathlib import Path

import click
import pytest

from recollect.cli._application import COMMANDS, main
from recollect.cli._models import column_name
from recollect.recall.evaluation import ModelSpec
from recollect.recall.models import MODEL_NAMES, build_model
from recollect.recall.predictions import PredictionTable
from recollect.recall.protocol import ScoringOptions

DOCUMENT = Path(__file__).parents[3] / "docs" / "cli.md"


def _walked(group, parent=""):
    """Every command by its whole name (``experiments run``); a group before its own."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        whole = f"{parent} {name}".strip()
        yield whole, command
        if isinstance(command, click.Group):
            yield from _walked(command, whole)


ALL_COMMANDS = dict(_walked(main))


def _options(command):
    return {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
        if name.startswith("--")
    }


def _section(name):
    text = DOCUMENT.read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return next((part for part in parts if part.startswith(f"`recollect {name}`\n")), "")


def _common():
    text = DOCUMENT.read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return next(part for part in parts if part.startswith("What all commands"))


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_every_option_of_every_command_is_documented(name):
    options = _options(ALL_COMMANDS[name])
    section = _section(name)
    assert section, f"no section for {name}"
    documented = set(re.findall(r"--[a-z][a-z-]*", section + _common()))
    assert options <= documented, f"not documented: {sorted(options - documented)}"


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_no_option_is_documented_that_is_not_there(name):
    own = _options(ALL_COMMANDS[name])
    rows = re.findall(r"^\| `(--[a-z-]+)", _section(name), flags=re.MULTILINE)
    assert bool(rows) == bool(own - {"--quiet", "--debug"})
    assert set(rows) <= own | {"--help"}


def test_every_column_of_predictions_is_documented():
    section = _section("evaluate")
    listed = re.findall(r"^\| `([a-z_]+)` \|", section, flags=re.MULTILINE)
    fields = [field.name for field in dataclasses.fields(PredictionTable)]
    assert listed[: len(fields) - 1] == ["user_id", *fields[1:-1]]
    for column in [c for name in MODEL_NAMES for c in build_model(ModelSpec(name)).columns]:
        assert f"`{column}`" in section
        assert f"`{column_name(column)}`" in section
    assert f"first {ScoringOptions().max_reviews_per_card} reviews" in section


def test_the_commands_are_in_the_order_of_the_help():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert re.findall(r"^## `recollect ([a-z -]+)`", text, flags=re.MULTILINE) == list(ALL_COMMANDS)


def test_every_example_is_a_command_that_can_be_parsed():
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 2 * len(COMMANDS)
    for line in lines:
        words = shlex.split(line, comments=True)
        words = words[words.index("recollect") + 1 :]
        words = words[: next((at for at, word in enumerate(words) if word in "|>"), len(words))]
        if not words[0].startswith("-"):
            whole = next(" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in ALL_COMMANDS)
            rest = words[len(whole.split()) :]
            ALL_COMMANDS[whole].make_context(whole, rest, parent=click.Context(main))
