"""Running experiments: every seed, side by side in several processes, and what comes out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import UnknownNameError
from recollect.experiments.protocol.contract import Experiment, Findings, Value
from recollect.experiments.protocol.data import DataFolder
from recollect.experiments.protocol.verdict import (
    Judged,
    Verdict,
    judge,
    mean_with_interval,
    verdict_of,
)
from recollect.recall.workers import Done, Failed, Handler, Message, run_jobs

__all__ = ["ExperimentFailed", "Finished", "Plan", "Runs", "run_experiments"]


@dataclass(frozen=True)
class Plan:
    """What to run of one experiment.

    Attributes:
        experiment: the experiment.
        quick: with its quick settings.
        seeds: the seeds, each a run of its own.
    """

    experiment: Experiment[Any]
    quick: bool
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, experiment: Experiment[Any], *, quick: bool, seeds: int | None = None) -> Plan:
        """The plan for ``seeds`` seeds, or as many as the experiment usually takes.

        Where nothing is random, one seed says all and further ones are not run.
        """
        usual = experiment.quick_seeds if quick else experiment.seeds
        count = usual if seeds is None else seeds
        return cls(experiment, quick, tuple(range(1 if experiment.seeds == 1 else count)))

    @property
    def settings(self) -> Any:
        """The settings of the run."""
        return self.experiment.quick if self.quick else self.experiment.settings


@dataclass(frozen=True)
class Runs:
    """The findings of every seed of one experiment, for its picture and its verdict.

    Attributes:
        each: findings, one a seed.
    """

    each: tuple[Findings, ...]

    def curves(self, name: str) -> NDArray[Any]:
        """A curve of every seed, ``[seed, ...]``."""
        return np.stack([findings.curves[name] for findings in self.each])

    def mean(self, name: str) -> NDArray[Any]:
        """A curve's mean over seeds."""
        return np.asarray(self.curves(name).mean(axis=0))

    def spread(self, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """A curve's lowest and highest values over seeds."""
        stacked = self.curves(name)
        return np.asarray(stacked.min(axis=0)), np.asarray(stacked.max(axis=0))

    def measure(self, name: str) -> Value:
        """A measure's mean over seeds with its 95 % interval."""
        return mean_with_interval([findings.measures[name] for findings in self.each])


@dataclass(frozen=True)
class Finished:
    """An experiment that was run.

    Attributes:
        plan: what was asked for.
        runs: what every seed found.
        judged: every expectation with what was found.
        seconds: of computing, summed over seeds.
        sets_used: folders of real data that were there.
    """

    plan: Plan
    runs: Runs
    judged: tuple[Judged, ...]
    seconds: float
    sets_used: frozenset[str]

    @property
    def verdict(self) -> Verdict:
        """From the numbers alone."""
        return verdict_of(self.judged)

    @property
    def measures(self) -> dict[str, Value]:
        """Every measure's mean and interval."""
        return {name: self.runs.measure(name) for name in self.runs.each[0].measures}


@dataclass(frozen=True)
class ExperimentFailed:
    """An experiment that could not be run.

    Attributes:
        plan: what was asked for.
        reason: one line.
        details: traceback, or empty.
        lacks_data: whether it only lacks the data that it cannot do without.
    """

    plan: Plan
    reason: str
    details: str = ""
    lacks_data: bool = False


def run_experiments(
    plans: Sequence[Plan],
    data: DataFolder,
    *,
    workers: int,
    on_step: Callable[[int, int, str], None],
    on_end: Callable[[Finished | ExperimentFailed], None],
) -> None:
    """Run experiments, every seed a job of its own, and hand each over when it is done.

    Args:
        plans: what to run; names must differ.
        data: where real data is.
        workers: processes; 0 works in this one.
        on_step: told after every seed: seeds done, seeds in all, name of the experiment.
        on_end: told of each experiment once, in the order in which they end.
    """
    jobs = [
        (plan.experiment.name, plan.quick, seed)
        for plan in plans
        if not _lacks_data(plan, data)
        for seed in plan.seeds
    ]
    by_name = {plan.experiment.name: plan for plan in plans}
    for plan in plans:
        if _lacks_data(plan, data):
            on_end(ExperimentFailed(plan, _wish(plan), lacks_data=True))
    parts: dict[str, dict[int, tuple[Findings, float]]] = {name: {} for name in by_name}
    lost: dict[str, Failed] = {}
    left = {plan.experiment.name: len(plan.seeds) for plan in plans}
    done = 0

    def hear(news: Message | Done | Failed) -> None:
        nonlocal done
        if isinstance(news, Message):
            return
        name, _, seed = jobs[news.job]
        done += 1
        left[name] -= 1
        if isinstance(news, Done):
            parts[name][seed] = news.result
        else:
            lost.setdefault(name, news)
        on_step(done, len(jobs), name)
        if left[name] == 0:
            failed = lost.get(name)
            on_end(
                ExperimentFailed(by_name[name], failed.reason, failed.details)
                if failed
                else _finished(by_name[name], parts[name], data)
            )

    if jobs:
        run_jobs(_setup, (data.root,), jobs, workers=min(workers, len(jobs)), on_news=hear)


def _lacks_data(plan: Plan, data: DataFolder) -> bool:
    return plan.experiment.needs_data and not any(map(data.has, plan.experiment.data))


def _wish(plan: Plan) -> str:
    return f"needs real data: --data DIR with a folder {' or '.join(plan.experiment.data)}"


def _finished(plan: Plan, parts: dict[int, tuple[Findings, float]], data: DataFolder) -> Finished:
    runs = Runs(tuple(parts[seed][0] for seed in plan.seeds))
    used = frozenset(name for name in plan.experiment.data if data.has(name))
    judged = tuple(
        judge(expected, [findings.measures[expected.measure] for findings in runs.each], used)
        for expected in plan.experiment.expected
    )
    seconds = sum(took for _, took in parts.values())
    return Finished(plan, runs, judged, seconds, used)


def _setup(root: Path | None) -> Handler:
    return lambda job, _report: _run_seed(job, DataFolder(root))


def _run_seed(job: tuple[str, bool, int], data: DataFolder) -> tuple[Findings, float]:
    from recollect.experiments.registry import experiment

    name, quick, seed = job
    chosen = experiment(name)
    started = time.perf_counter()
    found = chosen.run(chosen.quick if quick else chosen.settings, data, seed)
    lacking = {each.measure for each in chosen.expected} - set(found.measures)
    if lacking:
        raise UnknownNameError("measure", min(lacking), found.measures)
    return found, time.perf_counter() - started
