"""Measured in a process of its own: Recollect's one pass, or its fit to one learner.

Called by ``speed.py`` as ``python speed_recollect.py pass|fit LOG.npz [once]``.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from measuring import measure, tell


def read(path: str) -> Any:
    from recollect.reviews import ReviewLog

    with np.load(path) as columns:
        return ReviewLog.from_columns(**{name: columns[name] for name in columns.files})


def one_pass(material: tuple[Any, Any, Any]) -> Any:
    from recollect.recall.personalise import personalise

    log, _, parameters = material
    return personalise(log, parameters).instant.sum()


def fit(material: tuple[Any, Any, Any]) -> Any:
    from recollect.recall.fitting import fit_learner

    log, defaults, _ = material
    return fit_learner(log, defaults)


def main() -> None:
    task, path, *once = sys.argv[1:]

    def prepare() -> tuple[Any, Any, Any]:
        import recollect.recall.fitting
        import recollect.recall.personalise  # noqa: F401 - their time is of importing
        from recollect.recall.defaults import load_defaults

        log, defaults = read(path), load_defaults()
        return log, defaults, defaults.parameters_for(log)

    work = {"pass": one_pass, "fit": fit}[task]
    tell(measure(prepare, work, repeats=0 if once else 7))


if __name__ == "__main__":
    main()
