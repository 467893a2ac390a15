"""Results to stdout and to files: whole or not at all, and never over what was read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

import recollect
from recollect.errors import MissingExtraError, OutputError

__all__ = [
    "STDOUT",
    "check_folder",
    "check_output",
    "command_json",
    "json_text",
    "made_folder",
    "need_extra",
    "prepare_outputs",
    "print_json",
    "write_json",
]

STDOUT = Path("-")
"""Stands for standard output where a file is asked for."""


def check_output(
    path: Path | None, option: str, suffixes: Sequence[str], inputs: Sequence[Path]
) -> None:
    """End with a usage error, before any work, where an output cannot be meant.

    Args:
        path: where to write; None and ``-`` are fine.
        option: which option said so.
        suffixes: endings that say what is written, such as ``.json``; with none, any will do.
        inputs: files of this run, and folders of files, that must not be written over.

    Raises:
        click.BadParameter: another ending, a folder, or one of the inputs.
    """
    if path is None or path == STDOUT:
        return
    if suffixes and path.suffix.lower() not in suffixes:
        raise click.BadParameter(
            f"{path} does not end in {' or '.join(suffixes)}", param_hint=option
        )
    if path.is_dir():
        raise click.BadParameter(f"{path} is a folder; name a file", param_hint=option)
    for other in inputs:
        of_folder = other.is_dir() and path.exists() and other.resolve() in path.resolve().parents
        if of_folder or path.resolve() == other.resolve():
            raise click.BadParameter(f"{path} is also read; name another file", param_hint=option)


def check_folder(path: Path | None, option: str) -> None:
    """End with a usage error, before any work, where a folder to write into is a file.

    Raises:
        click.BadParameter: it is.
    """
    if path is not None and path.exists() and not path.is_dir():
        raise click.BadParameter(f"{path} is not a folder", param_hint=option)


def made_folder(path: Path) -> Path:
    """Make a folder to write into, unless it is there.

    Raises:
        OutputError: it cannot be made or must not be written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path}: the folder cannot be made ({error.strerror}); choose another place"
        ) from error
    if not os.access(path, os.W_OK):
        raise OutputError(f"{path}: no permission to write there; choose another place")
    return path


def prepare_outputs(*files: Path | None) -> None:
    """Make the folders of files to be written, before the work that would be lost without.

    Raises:
        OutputError: see :func:`made_folder`.
    """
    for file in files:
        if file is not None and file != STDOUT:
            made_folder(file.parent)


def need_extra(module: str, extra: str, purpose: str) -> None:
    """End before any work where an optional part is missing.

    Raises:
        MissingExtraError: it is not installed.
    """
    if find_spec(module) is None:
        raise MissingExtraError(extra, purpose)


def command_json(command: str, document: dict[str, Any]) -> dict[str, Any]:
    """A command's result under the heads that all have: the version and the command."""
    return {"recollect": recollect.__version__, "command": command, **document}


def print_json(command: str, document: dict[str, Any]) -> None:
    """Print a command's result to stdout as JSON."""
    click.echo(json_text(command_json(command, document)))


def json_text(value: Any) -> str:
    """A result as JSON: dataclasses and arrays as objects and lists, NaN as null."""
    from recollect.recall.comparison import to_json

    return json.dumps(to_json(value), indent=2, ensure_ascii=False, allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write :func:`json_text` to a file, or to stdout for ``-``.

    Raises:
        OutputError: the file could not be written.
    """
    from recollect.reviews.atomic import replaced_file

    text = json_text(value)
    if path == STDOUT:
        click.echo(text)
        return
    prepare_outputs(path)
    with replaced_file(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")
