"""Which models to run, from what the user asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click

from recollect.cli._session import Session
from recollect.errors import ParameterError, UnknownNameError
from recollect.recall.evaluation import ModelSpec
from recollect.recall.models import MODEL_NAMES

__all__ = [
    "ALL_MODELS",
    "USUAL_MODELS",
    "column_name",
    "model_specs",
    "reference_column",
]

ALL_MODELS = "all"
USUAL_MODELS = ("recollect", "fsrs-6", "fsrs-7", "moving-average", "average")
"""What is run when the user names none."""

_RECOLLECT = "recollect"
_EXTRA_OF = {"fsrs-6": ("fsrs", "fsrs_rs_python")}
_REFERENCES = ("p_fsrs_6", "p_moving_average")


def model_specs(
    names: Sequence[str], defaults: Path | None, fit: bool, session: Session
) -> list[ModelSpec]:
    """Specs of the models that the user named, or of the usual ones.

    Where the user named none, or ``all``, a model whose extra is missing is left out with a note.

    Args:
        names: of models, or ``all``; empty for the usual ones.
        defaults: the user's file of shared defaults.
        fit: whether Recollect is fitted to each learner.
        session: to note what is left out.

    Raises:
        UnknownNameError: no such model.
        ParameterError: the file of defaults cannot be read.
    """
    wanted = list(names)
    if not names or ALL_MODELS in names:
        wanted = list(MODEL_NAMES if names else USUAL_MODELS)
        for name, (extra, module) in _EXTRA_OF.items():
            if name in wanted and find_spec(module) is None:
                wanted.remove(name)
                session.note(f"{name} is left out; for it: pip install 'recollect[{extra}]'")
    for name in wanted:
        if name not in MODEL_NAMES:
            raise UnknownNameError("model", name, [*MODEL_NAMES, ALL_MODELS])
    return [_recollect(defaults, fit) if n == _RECOLLECT else ModelSpec(n) for n in wanted]


def column_name(column: str) -> str:
    """``p_recollect_curve`` as users name it: ``recollect-curve``."""
    return column.removeprefix("p_").replace("_", "-")


def reference_column(reference: str | None, columns: Sequence[str]) -> str | None:
    """The column that the others are held against.

    Args:
        reference: what the user named; None for FSRS-6, else the moving average, else the last.
        columns: of all models.

    Returns:
        One of the columns; None where there is nothing to compare.

    Raises:
        click.BadParameter: the name is none of theirs.
    """
    if reference is not None:
        for column in columns:
            if reference in (column, column_name(column)):
                return column
        names = ", ".join(column_name(column) for column in columns)
        raise click.BadParameter(
            f"{reference!r} is not among the predictions: {names}", param_hint="--reference"
        )
    if len(columns) < 2:
        return None
    return next((name for name in _REFERENCES if name in columns), columns[-1])


def _recollect(defaults: Path | None, fit: bool) -> ModelSpec:
    options = {"defaults": "", "fit": "true" if fit else "false"}
    if defaults is None:
        return ModelSpec(_RECOLLECT, options)
    try:
        digest = hashlib.sha256(defaults.read_bytes()).hexdigest()
    except OSError as error:
        raise ParameterError(f"{defaults}: cannot be read ({error.strerror})") from error
    return ModelSpec(_RECOLLECT, options | {"defaults": str(defaults)}, version=digest)
