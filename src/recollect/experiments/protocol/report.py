"""One HTML page of all results, complete in itself: no script, no address, pictures inside."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import recollect
from recollect.errors import MissingExtraError
from recollect.experiments.protocol import wording
from recollect.experiments.protocol.results import FIGURE, folder_of

__all__ = ["report_page"]

_TEMPLATE = "report.html"


def report_page(
    documents: Sequence[Mapping[str, Any]], failed: Mapping[str, str], folder: Path
) -> str:
    """The page as HTML.

    Args:
        documents: results (``result.json``), in the order in which they are shown.
        failed: reasons of experiments without a result, by name.
        folder: of the results, for their pictures.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("experiments", "the report") from error
    environment = Environment(
        loader=PackageLoader("recollect.experiments.protocol", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "band_text",
        "counts_text",
        "found_text",
        "held_text",
        "number_text",
        "published_text",
    ):
        environment.filters[name] = getattr(wording, name)
    shown = [dict(document) | {"picture": _picture(document, folder)} for document in documents]
    return environment.get_template(_TEMPLATE).render(
        version=recollect.__version__,
        parts=[
            (part, list(inside)) for part, inside in groupby(shown, key=lambda each: each["part"])
        ],
        counts=Counter(document["verdict"] for document in documents),
        total=len(documents),
        quick=any(document["quick"] for document in documents),
        failed=failed,
    )


def _picture(document: Mapping[str, Any], folder: Path) -> str:
    path = folder_of(folder, document["experiment"], quick=document["quick"]) / FIGURE
    try:
        return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
    except OSError:
        return ""
