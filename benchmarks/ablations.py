"""What each part of the recall model is worth: remove them in turn and score again.

    python benchmarks/ablations.py --work FOLDER [--parts NAME ...] [--refit]

The learners are those of ``RECOLLECT_DATA/revlogs-dev``. The defaults that come with the package
were fitted on them; each learner is scored with the set that was fitted without them. A part that
changes what the learner memory reads has its prior taught again, on the other learners only. The
parts of the traces need a fit of the defaults without them (``--refit``, minutes to hours); it is
kept in the work folder, as are the figures of every part that is done.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recollect.memory import KalmanDelta, KalmanState, Recollection
from recollect.recall.comparison import bootstrap_mean
from recollect.recall.defaults import Defaults, load_defaults
from recollect.recall.fitting import fit_defaults, own_traces
from recollect.recall.metrics import log_loss
from recollect.recall.model import learner as learner_memory
from recollect.recall.model.fit_prior import fit_prior
from recollect.recall.model.form import FORM_NAMES
from recollect.recall.model.keys import CURVE, CURVE_SIGN, INSTANT, KEY_NAMES, KEYS
from recollect.recall.model.learner import PLASTICITIES, LearnerPrior, learn_curve, learn_instant
from recollect.recall.model.padding import padded, padded_size
from recollect.recall.model.parameters import RecallParameters
from recollect.recall.personalise import Foreseen, OwnTraces, foresee, personalise
from recollect.recall.protocol import scoring_task
from recollect.recall.task import ScoringTask
from recollect.reviews import log_fingerprint, read_logs

_TRACES = KEY_NAMES.index("traces")
_LEAST, _MOST = 1e-5, 1.0 - 1e-5
_KEPT_KEYS = ("constant", "traces")
_SAME = 1e-4
Columns = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Part:
    """One change to the model.

    Attributes:
        removed: what is taken away, in words.
        bank: how the kinds of learner compete.
        dropped: components of the key that are set to zero.
        plasticities: drift of the instant memories.
        diagonal: whether the memories forget how their weights vary together.
        guard: whether the running average takes part.
        learner_memory: False reads the bank alone.
        curve: what foretells the curve.
        refreshed: whether curves are foretold afresh at the splits.
        fitted: whether the learner's own traces are fitted at every split.
        held: trace parameters without effect; the defaults are fitted again without them.
        taught: whether the prior is taught again; always where the key or the bank changes.
    """

    removed: str
    bank: Literal["kinds", "centre", "alike"] = "kinds"
    dropped: tuple[str, ...] = ()
    plasticities: tuple[float, ...] = PLASTICITIES
    diagonal: bool = False
    guard: bool = True
    learner_memory: bool = True
    curve: Literal["both", "bank", "memory"] = "both"
    refreshed: bool = True
    fitted: bool = False
    held: Mapping[str, float] = field(default_factory=dict)
    taught: bool = False

    @property
    def taught_again(self) -> bool:
        """Whether the figures must be held against those of a prior taught again."""
        return self.taught or bool(self.dropped) or self.bank != "kinds"


_RELATIVES = ("surprise_deck", "surprise_siblings", "surprise_neighbours")
_INTERACTIONS = ("elapsed_by_reviews", "traces_by_streak", "elapsed_by_interval")
PARTS = {
    "full": Part("nothing"),
    "no_memory": Part("the learner memory (bank alone)", learner_memory=False),
    "curve_bank": Part("the learner memory, from the curve only", curve="bank"),
    "curve_memory": Part("the bank's own share of the curve", curve="memory"),
    "strict": Part("the refreshing of curves at the splits", refreshed=False),
    "stable_only": Part("the two quick memories (drift 0 alone)", plasticities=(0.0,)),
    "middle_only": Part("all but the middle memory (drift 0.003)", plasticities=(0.003,)),
    "quick_only": Part("all but the quick memory (drift 0.01)", plasticities=(0.01,)),
    "diagonal": Part("the covariance between weights", diagonal=True),
    "no_guard": Part("the running average as a competitor", guard=False),
    "taught": Part("nothing; prior taught again", taught=True),
    "no_form": Part("all form keys", dropped=FORM_NAMES),
    "no_relatives": Part("form of deck, siblings and neighbours", dropped=_RELATIVES),
    "no_interactions": Part("the products of keys", dropped=_INTERACTIONS),
    "no_time_of_day": Part("time of day", dropped=("hour_sine", "hour_cosine")),
    "no_answer_time": Part(
        "answer times in the key", dropped=("last_answer_time", "answer_time_recent")
    ),
    "two_keys": Part(
        "every key but the constant and the traces",
        dropped=tuple(name for name in KEY_NAMES if name not in _KEPT_KEYS),
    ),
    "no_kinds": Part("the kinds of learner (centre alone)", bank="centre"),
    "alike": Part("the kinds' learning of weights", bank="alike"),
    "fitted": Part("nothing; own traces fitted at every split", fitted=True),
    "fitted_no_kinds": Part("the kinds; own traces fitted", bank="centre", fitted=True),
    "no_surprise": Part(
        "writing by surprise", held={"surprise_success": 0.0, "surprise_failure": 0.0}
    ),
    "no_spacing": Part("the match of context and gap", held={"spacing_width": -20.0}),
    "no_difficulty": Part(
        "difficulty of the card", held={"difficulty_rate": 0.0, "difficulty_first": 0.0}
    ),
    "no_trace_time": Part(
        "answer times in the traces", held={"answer_time_gain": 0.0, "answer_time_slope": 0.0}
    ),
}


class DiagonalDelta(KalmanDelta):
    """A memory that keeps the variance of each weight but not how the weights vary together."""

    def read_and_write(
        self, state: KalmanState, key: jax.Array, value: jax.Array
    ) -> tuple[Recollection, KalmanState]:
        """Read, write, and forget the covariances."""
        found, (mean, covariance) = super().read_and_write(state, key, value)
        return found, KalmanState(mean, jnp.diag(jnp.diag(covariance)))


@eqx.filter_jit
def _read_sort(
    plasticities: tuple[float, ...],
    diagonal: bool,
    prior: tuple[jax.Array, jax.Array],
    keys: jax.Array,
    frozen: jax.Array,
    columns: tuple[jax.Array, ...],
    learned_before: jax.Array,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The learner memories over the rows of one sort: instant, weight of the guard, curve."""
    average, recalled, real = columns
    kind = DiagonalDelta if diagonal else KalmanDelta
    with (
        mock.patch.object(learner_memory, "PLASTICITIES", plasticities),
        mock.patch.object(learner_memory, "KalmanDelta", kind),
    ):
        start = learner_memory.untaught_instant(prior[0])
        reading = learn_instant(start, keys[:, INSTANT], average, recalled, real)
        curve_keys = keys.at[:, _TRACES].set(frozen)[:, CURVE]
        means = learn_curve(learner_memory.untaught_curve(prior[1]), curve_keys, recalled)[1]
    trail = jnp.concatenate([prior[1][None], means])[learned_before]
    weights = jnp.where(CURVE_SIGN * trail >= 0, trail, 0.0)
    return reading.probability, reading.guard, jnp.sum(weights * curve_keys, axis=-1)


def read_memory(part: Part, prior: LearnerPrior, seen: Foreseen) -> Columns:
    """Both predictions for every row of a log that the bank has foreseen."""
    bank = expit(seen.keys[:, _TRACES].astype(np.float64) * KEYS[_TRACES].scale)
    frozen = expit(seen.frozen.astype(np.float64))
    if not part.learner_memory:
        return {"instant": bank, "curve": frozen}
    instant, learned = np.full(bank.size, np.nan), np.full(bank.size, np.nan)
    keys = _masked(part, seen).keys
    for sort in (0, 1):
        at = np.flatnonzero((seen.history.reviews > 0) & (seen.history.same_day == bool(sort)))
        before = np.searchsorted(at, seen.known_at[at], side="right").astype(np.int32)
        size = padded_size(at.size)
        columns = (seen.average[at], seen.history.recalled[at], np.ones(at.size, np.float32))
        found = _read_sort(
            part.plasticities,
            part.diagonal,
            (prior.instant[sort], prior.curve[sort]),
            jnp.asarray(padded(keys[at], size)),
            jnp.asarray(padded(seen.frozen[at] / np.float32(KEYS[_TRACES].scale), size)),
            tuple(jnp.asarray(padded(column, size)) for column in columns),
            jnp.asarray(padded(before, size)),
        )
        probability, guard, logit = (np.asarray(c, np.float64)[: at.size] for c in found)
        if not part.guard:
            average = expit(seen.average[at].astype(np.float64))
            probability = np.clip((probability - guard * average) / (1.0 - guard), 0.0, 1.0)
        instant[at], learned[at] = probability, expit(logit)
    curve = {"both": 0.5 * (frozen + learned), "bank": frozen, "memory": learned}[part.curve]
    return {"instant": instant, "curve": curve}


def _masked(part: Part, seen: Foreseen) -> Foreseen:
    if not part.dropped:
        return seen
    kept = np.array([name not in part.dropped for name in KEY_NAMES], np.float32)
    return replace(seen, keys=seen.keys * kept)


def _with_bank(part: Part, parameters: RecallParameters) -> RecallParameters:
    if part.bank == "centre":
        none = jax.tree.map(lambda leaf: leaf[:0], parameters.kinds)
        return eqx.tree_at(lambda tree: tree.kinds, parameters, none)
    if part.bank == "alike":
        return eqx.tree_at(lambda tree: tree.rule.trust, parameters, 0.0)
    return parameters


class Bench:
    """Learners, defaults, and what several parts have in common."""

    def __init__(self, folder: Path, defaults: Defaults) -> None:
        logs = [reading.log for reading in read_logs(folder)]
        self.tasks = {log_fingerprint(log): scoring_task(log) for log in logs}
        self.names = {mark: task.log.learner_id for mark, task in self.tasks.items()}
        self.defaults = defaults
        missing = [log.learner_id for log in logs if not defaults.held_out_for(log)]
        if missing:
            raise SystemExit(f"the defaults hold no set without learners {', '.join(missing)}")
        self._taught: dict[tuple[str, int], list[Foreseen]] = {}
        self._own: dict[str, list[OwnTraces]] = {}

    def losses(self, part: Part) -> dict[str, dict[str, float]]:
        """Log loss of both predictions, by learner."""
        found = {}
        for number, held in enumerate(self.defaults.without):
            parameters = _with_bank(part, held.parameters)
            prior = self.teach(part, number) if part.taught_again else parameters.prior
            for mark in sorted(held.held_out & self.tasks.keys()):
                task = self.tasks[mark]
                own = self.own(mark, held.parameters) if part.fitted else []
                splits = _splits(task) if part.refreshed else []
                seen = foresee(task.log, parameters, own=own, refreshed_at=splits)
                read = read_memory(part, prior, seen)
                rows = task.scored_rows
                outcome = task.log.recalled[rows]
                found[self.names[mark]] = {
                    name: log_loss(np.clip(column[rows], _LEAST, _MOST), outcome)
                    for name, column in read.items()
                }
        return found

    def teach(self, part: Part, number: int) -> LearnerPrior:
        """The prior of one set of defaults, taught again for a part (as ``fit_defaults`` does)."""
        held = self.defaults.without[number]
        marks = [mark for mark in self.tasks if mark not in held.held_out]
        key = (part.bank, number)
        if key not in self._taught:
            seen = []
            for i, mark in enumerate(marks):
                others = jax.tree.map(
                    lambda leaf, i=i: jnp.delete(leaf, i, 0), held.parameters.kinds
                )
                shared = eqx.tree_at(lambda tree: tree.kinds, held.parameters, others)
                one = foresee(self.tasks[mark].log, _with_bank(part, shared))
                seen.append(replace(one, logits=one.logits[:0]))
            self._taught[key] = seen
        return fit_prior([_masked(part, one) for one in self._taught[key]])

    def own(self, mark: str, shared: RecallParameters) -> list[OwnTraces]:
        """The learner's own traces, fitted at every split to what came before."""
        if mark not in self._own:
            traces, stages = None, []
            for row in _splits(self.tasks[mark]):
                traces = own_traces(self.tasks[mark].log, shared, before_row=row, start=traces)
                stages.append(OwnTraces(row, traces))
            self._own[mark] = stages
        return self._own[mark]

    def check(self) -> None:
        """The pass rebuilt here must be the model's, and teaching again must change nothing."""
        held = self.defaults.without[0]
        mark = min(held.held_out & self.tasks.keys(), key=lambda one: len(self.tasks[one].log))
        task = self.tasks[mark]
        theirs = personalise(task.log, held.parameters, refreshed_at=_splits(task))
        seen = foresee(task.log, held.parameters, refreshed_at=_splits(task))
        ours = read_memory(PARTS["full"], held.parameters.prior, seen)
        for name, column in ours.items():
            apart = float(np.nanmax(np.abs(column - getattr(theirs, name))[task.scored_rows]))
            if not apart < _SAME:
                raise SystemExit(f"the rebuilt pass differs from the model by {apart:.2g} ({name})")


def _splits(task: ScoringTask) -> list[int]:
    return [int(fold.test_rows[0]) for fold in task.folds if fold.test_rows.size]


def refitted(bench: Bench, name: str, work: Path) -> Defaults:
    """Defaults fitted without a part of the traces, kept in the work folder."""
    path = work / f"defaults-{name}.json"
    if not path.exists():
        logs = [task.log for task in bench.tasks.values()]
        fit_defaults(logs, groups=5, held=PARTS[name].held).save(path)
    return load_defaults(path)


def _base(name: str) -> str:
    """The run that a part's run is divided by."""
    return "taught" if PARTS[name].taught_again and name != "taught" else "full"


def table(figures: Mapping[str, Any], names: Sequence[str]) -> str:
    """A Markdown table of the parts against the full model."""
    lines = [
        "| removed | instant | ratio (95 %) | worse for | curve | ratio (95 %) | worse for |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in names:
        cells = [PARTS[name].removed]
        for column in ("instant", "curve"):
            base = figures[_base(name)]
            learners = list(base)
            loss = np.array([figures[name][one][column] for one in learners])
            ratio = loss / np.array([base[one][column] for one in learners])
            mean = bootstrap_mean(ratio)
            interval = f"{mean.mean:.4f} ({mean.low:.4f} to {mean.high:.4f})"
            worse = f"{int((ratio > 1.0).sum())} of {ratio.size}"
            if np.allclose(ratio, 1.0, rtol=1e-6):
                interval, worse = "1", ""
            cells += [f"{loss.mean():.4f}", interval, worse]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that were asked for and print the table of all that are done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=os.environ.get("RECOLLECT_DATA", beside))
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "recollect-ablations"
    )
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), metavar="NAME")
    parser.add_argument("--refit", action="store_true", help="include the parts of the traces")
    chosen = parser.parse_args(arguments)
    chosen.work.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(chosen.work / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    path = chosen.work / "figures.json"
    figures: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    bench = Bench(Path(chosen.data) / "revlogs-dev", load_defaults())
    bench.check()
    wanted = chosen.parts or [name for name, part in PARTS.items() if chosen.refit or not part.held]
    for name in dict.fromkeys(["full", *wanted]):
        if name in figures:
            continue
        started = time.perf_counter()
        part = PARTS[name]
        shipped = bench.defaults
        if part.held:
            bench.defaults = refitted(bench, name, chosen.work)
        figures[name] = bench.losses(part)
        bench.defaults = shipped
        path.write_text(json.dumps(figures, indent=1))
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print(table(figures, [name for name in PARTS if {name, _base(name)} <= set(figures)]))


if __name__ == "__main__":
    main()
