"""How well every model predicts real learners' reviews, from defaults fitted without them.

    RECOLLECT_DATA=FOLDER python benchmarks/accuracy.py [--json FILE] [--readme]

The same engine, rows and figures as ``recollect evaluate``. See README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from logs import data_folder
from report import machine, machine_line, put_into_readme, table

from recollect.cli._jax import prepare_jax
from recollect.recall.comparison import (
    HIGHER_IS_BETTER,
    compare,
    mean_scores,
    metric_table,
    to_json,
)
from recollect.recall.evaluation import Evaluation, Event, LearnerSource, ModelSpec, evaluate
from recollect.recall.models import MODEL_NAMES, build_model, load_source
from recollect.recall.protocol import ScoringOptions
from recollect.reviews import open_logs

OURS = ("p_recollect_instant", "p_recollect_curve")
RIVALS = ("p_fsrs_6", "p_moving_average", "p_fsrs_7_recency")
TABLES = {"log_loss": "Log loss", "rmse_bins": "RMSE(bins)", "auc": "AUC (higher is better)"}
SLOPE_LEAST_SCORED, SLOPE_MOST_RECALL = 1_000, 0.95
"""A calibration slope says little of few reviews, or where hardly any is forgotten."""


@dataclass(frozen=True)
class Run:
    """An evaluation with what is to be known about it.

    Attributes:
        evaluation: all figures.
        held_out: learner → whether the defaults they were predicted from were fitted without
            them; True also for one who had no part in any.
        minutes: from start to end, or None where predictions of an earlier run were reused.
        workers: processes.
    """

    evaluation: Evaluation
    held_out: dict[str, bool]
    minutes: float | None
    workers: int


def sources_in(folder: Path, only: list[str]) -> list[LearnerSource]:
    """Every learner of a folder, or those named."""
    known = list(open_logs(folder).learner_ids)
    for name in only:
        if name not in known:
            raise SystemExit(f"{folder}: no learner {name}; there are: {', '.join(known)}")
    return [
        LearnerSource(str(folder), name, {"learner_id": name})
        for name in known
        if name in only or not only
    ]


def defaults_are_held_out(sources: list[LearnerSource], defaults: str) -> dict[str, bool]:
    """Whether each learner is predicted from defaults fitted without them."""
    from recollect.recall.defaults import load_defaults
    from recollect.reviews import log_fingerprint

    shared = load_defaults(defaults or None)
    fitted_on = set(shared.provenance["logs"])
    found = {}
    for source in sources:
        log = load_source(source)
        found[source.learner_id] = shared.held_out_for(log) or log_fingerprint(log) not in fitted_on
    return found


def model_spec(name: str, options: argparse.Namespace) -> ModelSpec:
    if name != "recollect":
        return ModelSpec(name)
    settings = {"defaults": options.defaults, "fit": "false" if options.no_fit else "true"}
    file = options.defaults and Path(options.defaults).read_bytes()
    return ModelSpec(name, settings, hashlib.sha256(file).hexdigest() if file else "")


def run(options: argparse.Namespace, folder: Path) -> Run:
    sources = sources_in(folder, options.learners)
    held_out = defaults_are_held_out(sources, options.defaults)
    settings = {"defaults": options.defaults, "fit": "false" if options.no_fit else "true"}
    models = [ModelSpec(name, settings if name == "recollect" else {}) for name in options.models]
    begun = time.perf_counter()

    def hear(event: Event) -> None:
        if event.kind in ("finished", "failed"):
            so_far = f"{event.learners_done}/{event.learners_total}"
            minutes = (time.perf_counter() - begun) / 60
            print(f"{so_far} {event.learner_id} {event.kind} {event.reason} {minutes:.1f} min")

    evaluation = evaluate(
        sources,
        models,
        load=load_source,
        build_model=build_model,
        work_folder=options.work_folder,
        options=ScoringOptions(same_day=options.same_day),
        workers=options.workers,
        on_event=hear,
    )
    fresh = not any(result.reused for result in evaluation.results)
    minutes = (time.perf_counter() - begun) / 60 if fresh else None
    return Run(evaluation, held_out, minutes, options.workers)


def short(column: str) -> str:
    return column.removeprefix("p_").replace("_", "-")


def number(value: float, digits: int = 4) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def learners_table(run: Run, metric: str) -> str:
    """One row a learner, one column a model, and the mean."""
    figures = metric_table(run.evaluation.scores, metric)
    best = np.nanmax if metric in HIGHER_IS_BETTER else np.nanmin
    rows = []
    for learner, scored, values in zip(
        figures.learners, figures.scored, figures.values, strict=True
    ):
        top = math.nan if np.all(np.isnan(values)) else best(values)
        cells = [f"**{number(v)}**" if v == top else number(v) for v in values]
        rows.append([learner, f"{scored:,}", *cells])
    mean = {row.model: row.plain.mean for row in mean_scores(figures)}
    rows.append(["mean", "", *(number(mean[name]) for name in figures.models)])
    return table(["learner", "scored", *map(short, figures.models)], rows)


def comparisons(run: Run) -> list[Any]:
    """Ours against the main rivals, in log loss."""
    figures = metric_table(run.evaluation.scores, "log_loss")
    ours = [name for name in OURS if name in figures.models]
    rivals = [name for name in RIVALS if name in figures.models]
    return [compare(figures, mine, rival) for mine in ours for rival in rivals]


def comparison_table(run: Run) -> str:
    rows = [
        [
            f"{short(found.model)} / {short(found.reference)}",
            f"{found.ratio.mean:.4f} ({found.ratio.low:.3f}–{found.ratio.high:.3f})",
            f"{found.difference.mean:+.4f}",
            f"{found.won} of {found.learners}",
            f"{found.wilcoxon_p:.4f}",
        ]
        for found in comparisons(run)
    ]
    header = ["log loss", "mean ratio (95 %)", "mean difference", "better for", "Wilcoxon p"]
    return table(header, rows)


def slopes(run: Run) -> dict[str, float]:
    """Calibration slope of the instant prediction, of learners on whom it says something."""
    found = {}
    for learner, scores in run.evaluation.scores.items():
        mine = scores.get(OURS[0])
        if mine and mine.scored >= SLOPE_LEAST_SCORED and mine.recall <= SLOPE_MOST_RECALL:
            found[learner] = mine.calibration_slope
    return found


def report(run: Run, about: dict[str, Any]) -> str:
    """All tables in Markdown."""
    learners = len(run.evaluation.results)
    scored = sum(result.scored for result in run.evaluation.results)
    mode = "same-day reviews scored too" if run.evaluation.options.same_day else "day mode"
    parts = [
        f"{machine_line(about)} {learners} learners, {scored:,} scored reviews, {mode}, "
        f"{run.evaluation.options.splits} splits in time, UTC, rollover 4 h."
    ]
    if run.minutes is not None:
        parts[0] += f" Finished in {run.minutes:.1f} min with {run.workers} workers."
    taught = [learner for learner, held in run.held_out.items() if not held]
    if taught:
        parts.append(
            f"**Not held out:** the defaults were fitted on learners {', '.join(taught)}; their "
            "figures for recollect are not to be trusted."
        )
    if comparisons(run):
        parts.append(
            f"Recollect against its rivals, learner by learner:\n\n{comparison_table(run)}"
        )
    parts += [f"{title}:\n\n{learners_table(run, metric)}" for metric, title in TABLES.items()]
    found = slopes(run)
    if found:
        listed = ", ".join(f"{slope:.2f} (learner {who})" for who, slope in found.items())
        parts.append(
            f"Calibration slope of recollect-instant (1 is perfect) for learners with "
            f"{SLOPE_LEAST_SCORED:,} scored reviews or more and recall up to "
            f"{SLOPE_MOST_RECALL:.0%}, from {min(found.values()):.2f} to "
            f"{max(found.values()):.2f}: {listed}."
        )
    left_out = [f"- {gone.learner_id}: {gone.reason}" for gone in run.evaluation.failures]
    if left_out:
        parts.append("Left out:\n\n" + "\n".join(left_out))
    return "\n\n".join(parts)


def as_json(run: Run, about: dict[str, Any]) -> dict[str, Any]:
    scores = run.evaluation.scores
    return {
        "about": about,
        "minutes": run.minutes,
        "workers": run.workers,
        "options": to_json(run.evaluation.options),
        "held_out": run.held_out,
        "scores": to_json(scores),
        "seconds": {result.learner_id: result.seconds for result in run.evaluation.results},
        "comparisons": to_json(comparisons(run)),
        "means": {name: to_json(mean_scores(metric_table(scores, name))) for name in TABLES},
        "calibration_slopes": slopes(run),
        "left_out": to_json(run.evaluation.failures),
    }


def arguments() -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return [name.strip() for name in text.split(",") if name.strip()]

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=names, default=list(MODEL_NAMES), help="default: all")
    parser.add_argument("--learners", type=names, default=[], help="default: all")
    parser.add_argument("--same-day", action="store_true", help="score same-day reviews too")
    parser.add_argument("--defaults", default="", help="file of defaults; default: the shipped one")
    parser.add_argument("--no-fit", action="store_true", help="do not fit Recollect to learners")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--work-folder", type=Path, default=Path("build/accuracy"))
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--readme", action="store_true", help="put the tables into README.md")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    folder = data_folder()
    if folder is None:
        raise SystemExit("no real logs: set RECOLLECT_DATA to a folder that has revlogs-dev in it")
    prepare_jax()
    done = run(options, folder / "revlogs-dev")
    if not done.evaluation.results:
        raise SystemExit("no learner could be scored: " + done.evaluation.failures[0].reason)
    about = machine()
    text = report(done, about)
    print("\n" + text)
    if options.json:
        text_of_all = json.dumps(as_json(done, about), indent=1)
        options.json.write_text(text_of_all + "\n", encoding="utf-8")
    if options.readme:
        put_into_readme("accuracy", text)
    if not all(done.held_out.values()):
        sys.exit("some learners had a part in the defaults that they were scored with")


if __name__ == "__main__":
    main()
