"""Results in files: a folder for each experiment with its numbers, curves and picture."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import recollect
from recollect.errors import MissingExtraError, OutputError
from recollect.experiments.protocol.contract import Expected, Experiment
from recollect.experiments.protocol.data import DataFolder
from recollect.experiments.protocol.running import Finished, Plan
from recollect.recall.comparison import to_json
from recollect.recall.work_folder import software_fingerprint
from recollect.reviews.atomic import replaced_file

__all__ = [
    "FIGURE",
    "RESULT",
    "as_document",
    "description",
    "folder_of",
    "read_result",
    "recipe_hash",
    "write_result",
]

RESULT = "result.json"
FIGURE = "figure.png"
CURVES = "curves.npz"
_EXPERIMENTS = Path(__file__).parents[1]
_IMPORTED = re.compile(r"^from recollect\.experiments\.(\w+) import", re.MULTILINE)
_PNG_BEGINS, _PNG_ENDS = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


def recipe_hash(plan: Plan, data: DataFolder) -> str:
    """Hash of all that a result depends on: code, settings, seeds, and the data that is there.

    Data sets count by the names, sizes and times of their files. Code is the protocol, the models,
    and the experiment's module with those of other experiments that it builds on.
    """
    files = [
        (str(path.relative_to(data.root)), path.stat().st_size, path.stat().st_mtime_ns)
        for name in plan.experiment.data
        if data.root is not None and data.has(name)
        for path in sorted(data.folder(name).rglob("*"))
        if path.is_file()
    ]
    name = plan.experiment.name
    modules = (f"experiments/{each}.py" for each in _modules(name.replace("-", "_")))
    code = software_fingerprint("experiments/protocol", "experiments/models", *modules)
    recipe = (code, name, repr(plan.settings), plan.seeds, files)
    return hashlib.sha256(repr(recipe).encode()).hexdigest()[:40]


def _modules(name: str) -> list[str]:
    """An experiment's module and those of the experiments that it imports, and so on."""
    found, todo = set[str](), [name]
    while todo:
        found.add(now := todo.pop())
        path = _EXPERIMENTS / f"{now}.py"
        if path.is_file():
            todo += set(_IMPORTED.findall(path.read_text(encoding="utf-8"))) - found
    return sorted(found)


def as_document(finished: Finished, recipe: str) -> dict[str, Any]:
    """An experiment's result as JSON-like values: what ``result.json`` holds."""
    plan = finished.plan
    found = finished.runs.each[0]
    return {
        "recollect": recollect.__version__,
        **_head(plan.experiment),
        "verdict": finished.verdict.value,
        "expected": [
            _expectation(each.expected)
            | {
                "found": each.found.value,
                "interval_95": [each.found.low, each.found.high],
                "held": each.held,
            }
            for each in finished.judged
        ],
        "measures": {
            name: {"value": value.value, "interval_95": [value.low, value.high]}
            for name, value in finished.measures.items()
        },
        "fits": [asdict(fit) for fit in found.fits],
        "quick": plan.quick,
        "settings": _settings(plan.settings),
        "seeds": list(plan.seeds),
        "seconds": round(finished.seconds, 3),
        "data": found.data,
        "recipe": recipe,
    }


def description(experiment: Experiment[Any]) -> dict[str, Any]:
    """What an experiment claims and expects, before it is run, as JSON-like values."""
    return _head(experiment) | {
        "expected": [_expectation(each) for each in experiment.expected],
        "settings": _settings(experiment.settings),
        "quick_settings": _settings(experiment.quick),
        "seeds": experiment.seeds,
        "quick_seeds": experiment.quick_seeds,
        "real_data": list(experiment.data),
        "built_in": experiment.built_in,
        "needs_data": experiment.needs_data,
    }


def _head(experiment: Experiment[Any]) -> dict[str, Any]:
    return {
        "experiment": experiment.name,
        "part": experiment.part,
        "title": experiment.title,
        "claim": experiment.claim,
        "source": asdict(experiment.source),
        "caption": experiment.caption,
        "how_it_works": experiment.how_it_works,
        "limits": experiment.limits,
    }


def _expectation(expected: Expected) -> dict[str, Any]:
    return {
        "measure": expected.measure,
        "says": expected.says,
        "unit": expected.unit,
        "published": expected.published,
        "band": [_finite(end) for end in expected.band],
        "read_from": expected.read_from,
        "only_with": list(expected.only_with),
        "premise": expected.premise,
    }


def write_result(finished: Finished, recipe: str, folder: Path) -> dict[str, Any]:
    """Write numbers, curves and, where matplotlib is installed, the picture.

    Args:
        finished: the experiment.
        recipe: :func:`recipe_hash` of what was run.
        folder: holds a folder for each experiment.

    Returns:
        The document that ``result.json`` holds.

    Raises:
        OutputError: it cannot be written.
    """
    own = folder_of(folder, finished.plan.experiment.name, quick=finished.plan.quick)
    try:
        own.mkdir(parents=True, exist_ok=True)
        for name in (RESULT, FIGURE):  # a result stands for the picture beside it
            (own / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{error.filename or own}: cannot be made or replaced ({error.strerror}); "
            "choose another folder"
        ) from error
    curves: dict[str, Any] = {
        name: finished.runs.curves(name) for name in finished.runs.each[0].curves
    }
    with replaced_file(own / CURVES) as draft, draft.open("wb") as file:
        np.savez_compressed(file, **curves)
    _draw(finished, own / FIGURE)
    document: dict[str, Any] = to_json(as_document(finished, recipe))
    with replaced_file(own / RESULT) as draft:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
        draft.write_text(text + "\n", encoding="utf-8")
    return document


def folder_of(folder: Path, name: str, *, quick: bool) -> Path:
    """Where an experiment's result is: a quick one never takes the place of a full one."""
    return folder / "quick" / name if quick else folder / name


def read_result(folder: Path, name: str, *, quick: bool) -> dict[str, Any] | None:
    """What an earlier run of an experiment left, or None.

    A damaged file counts as not there, and so does a result without its picture, unless there is
    no matplotlib to draw one.
    """
    own = folder_of(folder, name, quick=quick)
    try:
        document = json.loads((own / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("experiment") != name:
        return None
    drawable = find_spec("matplotlib") is not None
    return None if drawable and not _is_picture(own / FIGURE) else document


def _is_picture(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return content.startswith(_PNG_BEGINS) and content.endswith(_PNG_ENDS)


def _draw(finished: Finished, path: Path) -> None:
    from recollect.recall.plots.style import new_figure, plot_style, save_figure

    try:
        style = plot_style()
    except MissingExtraError:
        return
    with style:
        figure = new_figure(9.0, 4.6)
        finished.plan.experiment.plot(figure, finished.runs, finished.plan.settings)
        save_figure(figure, path)


def _settings(settings: Any) -> Mapping[str, Any]:
    return asdict(settings) if is_dataclass(settings) and not isinstance(settings, type) else {}


def _finite(end: float) -> float | None:
    return float(end) if np.isfinite(end) else None
