"""The evaluation end to end, with small models of its own and logs made on the spot."""

import math
import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from recollect.errors import LogFormatError, OutputError, ParameterError, UnknownNameError
from recollect.recall.comparison import to_json
from recollect.recall.evaluation import Event, LearnerSource, ModelSpec, evaluate
from recollect.recall.metrics import score
from recollect.recall.predictions import read_predictions, scores_of, write_predictions
from recollect.recall.protocol import ScoringOptions, bin_features, scoring_task
from recollect.recall.work_folder import log_column_hash
from recollect.reviews import ReviewLog
from recollect.reviews.days import MS_PER_DAY, DayBoundary


class Constant:
    """Predicts the same for every review, in one or two columns."""

    def __init__(self, name="constant", value=0.7, columns=None):
        self.name = name
        self.value = value
        self.columns = tuple(columns or (f"p_{name}",))

    def predict(self, task):
        return {name: np.full(task.scored_rows.shape, self.value) for name in self.columns}


class TrainMean(Constant):
    """The share recalled in the train rows of each fold."""

    def predict(self, task):
        return {
            self.columns[0]: np.concatenate(
                [
                    np.full(len(fold.test_rows), task.log.recalled[fold.train_rows].mean())
                    for fold in task.folds
                ]
            )
        }


class Wrong(Constant):
    """Gives what a model must not give."""

    def predict(self, task):
        good = super().predict(task)
        name = self.columns[0]
        return {
            "nan": {name: np.full(task.scored_rows.shape, math.nan)},
            "short": {name: good[name][:-1]},
            "column": {"p_other": good[name]},
        }[self.name]


class Deadly(Constant):
    """Kills its process for one learner."""

    def predict(self, task):
        if task.log.learner_id == "u2":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict(task)


def build_model(spec):
    kinds = {"constant": Constant, "mean": TrainMean, "deadly": Deadly} | dict.fromkeys(
        ("nan", "short", "column"), Wrong
    )
    if spec.name not in kinds:
        raise UnknownNameError("model", spec.name, kinds)
    counter = os.environ.get("TEST_BUILT")
    if counter:
        with Path(counter).open("a") as file:
            file.write(f"{os.getpid()}\n")
    return kinds[spec.name](spec.name, **spec.options)


def load(source):
    if source.path == "damaged":
        raise LogFormatError(f"{source.path}: not a log")
    if source.path == "bug":
        raise ZeroDivisionError("division by zero")
    generator = np.random.default_rng(int(source.path))
    n = source.options.get("reviews", 200)
    times = np.cumsum(generator.integers(1, MS_PER_DAY // 2, n))
    return ReviewLog.from_columns(
        generator.integers(0, 15, n), times, generator.choice([1, 3, 3, 4], n)
    )


def sources(*names):
    return [LearnerSource(path=name, learner_id=f"u{name}") for name in names]


def run(tmp_path, who, models=("constant", "mean"), **options):
    specs = [spec if isinstance(spec, ModelSpec) else ModelSpec(spec) for spec in models]
    return evaluate(
        who,
        specs,
        load=load,
        build_model=build_model,
        work_folder=tmp_path / "work",
        **({"workers": 0} | options),
    )


def test_the_figures_are_those_of_the_models(tmp_path):
    evaluation = run(tmp_path, sources("1", "2"))
    assert list(evaluation.scores) == ["u1", "u2"]
    assert evaluation.failures == ()
    for source, result in zip(sources("1", "2"), evaluation.results, strict=True):
        log = load(source)
        task = scoring_task(log)
        features = bin_features(task.log).at(task.scored_rows)
        outcome = task.log.recalled[task.scored_rows]
        assert result.scored == len(outcome)
        flat = score(np.full(len(outcome), 0.7), outcome, features)
        assert to_json(result.scores["p_constant"]) == to_json(flat)
        mean = TrainMean("mean").predict(task)["p_mean"]
        assert result.scores["p_mean"] == score(mean, outcome, features)
        assert set(result.seconds) == {"constant", "mean"}
        assert all(seconds >= 0 for seconds in result.seconds.values())


def test_the_tables_give_every_figure_back(tmp_path):
    evaluation = run(tmp_path, sources("1", "2", "3"))
    assert to_json(scores_of(evaluation.tables())) == to_json(evaluation.scores)
    write_predictions(tmp_path / "all.parquet", evaluation.tables())
    back = read_predictions(tmp_path / "all.parquet")
    assert to_json(scores_of(back.values())) == to_json(evaluation.scores)


def test_processes_give_the_same_as_one(tmp_path):
    who = sources("1", "2")
    apart = run(tmp_path / "a", who, workers=2)
    here = run(tmp_path / "b", who, workers=0)
    # As JSON, because figures that are not defined are NaN, which equals nothing.
    assert to_json(apart.scores) == to_json(here.scores)
    assert list(apart.scores) == ["u1", "u2"]


def test_a_rerun_takes_what_is_finished(tmp_path):
    first = run(tmp_path, sources("1", "2"))
    assert [result.reused for result in first.results] == [(), ()]
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").iterdir()}
    second = run(tmp_path, sources("1", "2", "3"))
    assert [result.reused for result in second.results] == [("constant", "mean")] * 2 + [()]
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert second.scores["u1"] == first.scores["u1"]
    assert second.results[0].seconds == first.results[0].seconds


def test_a_rerun_does_again_what_has_changed(tmp_path):
    run(tmp_path, sources("1"))
    other_option = ModelSpec("constant", {"value": 0.6})
    changed = run(tmp_path, sources("1"), models=(other_option, "mean"))
    assert changed.results[0].reused == ("mean",)
    assert changed.scores["u1"]["p_constant"].log_loss != pytest.approx(
        run(tmp_path, sources("1")).scores["u1"]["p_constant"].log_loss
    )
    versioned = run(tmp_path, sources("1"), models=(ModelSpec("constant", version="2"), "mean"))
    assert versioned.results[0].reused == ("mean",)
    same_day = run(tmp_path, sources("1"), options=ScoringOptions(same_day=True))
    assert same_day.results[0].reused == ()
    longer = [LearnerSource("1", "u1", {"reviews": 201})]
    assert run(tmp_path, longer).results[0].reused == ()


def test_damaged_files_are_made_again(tmp_path):
    first = run(tmp_path, sources("1"))
    for number, path in enumerate(sorted((tmp_path / "work").iterdir())):
        path.write_bytes(path.read_bytes()[: 100 * number])
    again = run(tmp_path, sources("1"))
    assert again.results[0].reused == ()
    assert to_json(scores_of(again.tables())) == to_json(first.scores)


def test_a_learner_that_fails_is_reported_and_the_others_go_on(tmp_path):
    events = []
    who = [*sources("1"), LearnerSource("damaged", "dora"), LearnerSource("bug", "ben"),
           LearnerSource("4", "dan", {"reviews": 12}), *sources("5")]  # fmt: skip
    evaluation = run(tmp_path, who, on_event=events.append)
    assert list(evaluation.scores) == ["u1", "u5"]
    reasons = {failure.learner_id: failure.reason for failure in evaluation.failures}
    assert reasons["dora"] == "damaged: not a log"
    assert reasons["ben"] == "ZeroDivisionError: division by zero"
    assert reasons["dan"].startswith("learner dan: ")
    assert "5 splits need at least 6" in reasons["dan"]
    assert Event("failed", "dora", 2, 5, reason="damaged: not a log") in events


def test_a_killed_process_is_reported_and_the_run_resumes(tmp_path):
    who = sources("1", "2", "3")
    broken = run(tmp_path, who, models=("mean", "deadly"), workers=1)
    assert list(broken.scores) == ["u1", "u3"]
    assert "SIGKILL" in broken.failures[0].reason
    # What was finished for the lost learner before the end is found again.
    resumed = run(tmp_path, who, models=("mean", "constant"), workers=1)
    assert list(resumed.scores) == ["u1", "u2", "u3"]
    assert [result.reused for result in resumed.results] == [("mean",)] * 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nan", "model nan gave nan in p_nan for scored review 0"),
        ("short", r"model short gave \(\d+,\) values in p_short, not"),
        ("column", "model column gave columns p_other, not p_column"),
    ],
)
def test_models_that_answer_wrongly_fail_by_name(tmp_path, name, message):
    evaluation = run(tmp_path, sources("1"), models=(name,))
    assert evaluation.results == ()
    assert re.match(message, evaluation.failures[0].reason)


def test_mistakes_in_the_call_end_the_run_before_it_starts(tmp_path):
    with pytest.raises(UnknownNameError, match="fsrs-99"):
        run(tmp_path, sources("1"), models=("fsrs-99",))
    with pytest.raises(ParameterError, match="learner u1 appears more than once"):
        run(tmp_path, sources("1", "1"))
    with pytest.raises(ParameterError, match="model constant appears more than once"):
        run(tmp_path, sources("1"), models=("constant", "constant"))
    clash = ModelSpec("mean", {"columns": ["p_constant"]})
    with pytest.raises(ParameterError, match="column p_constant appears more than once"):
        run(tmp_path, sources("1"), models=("constant", clash))
    with pytest.raises(ParameterError, match="model constant: an option"):
        run(tmp_path, sources("1"), models=(ModelSpec("constant", {"value": {1, 2}}),))
    assert not (tmp_path / "work").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="work folder cannot be made"):
        run(tmp_path / "file", sources("1"))


def test_progress_is_told_as_it_happens(tmp_path):
    events = []
    run(tmp_path, sources("1", "2"), on_event=events.append)
    assert [(e.kind, e.learner_id, e.learners_done, e.model) for e in events] == [
        ("started", "u1", 0, ""),
        ("running", "u1", 0, "constant"),
        ("model", "u1", 0, "constant"),
        ("running", "u1", 0, "mean"),
        ("model", "u1", 0, "mean"),
        ("finished", "u1", 1, ""),
        ("started", "u2", 1, ""),
        ("running", "u2", 1, "constant"),
        ("model", "u2", 1, "constant"),
        ("running", "u2", 1, "mean"),
        ("model", "u2", 1, "mean"),
        ("finished", "u2", 2, ""),
    ]
    assert {event.learners_total for event in events} == {2}
    again = []
    run(tmp_path, sources("1"), on_event=again.append)
    assert [event.kind for event in again] == ["started", "model", "model", "finished"]


def test_models_are_built_once_a_process(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_BUILT", str(tmp_path / "built"))
    run(tmp_path, sources("1", "2", "3"), models=("constant",), workers=1)
    pids = (tmp_path / "built").read_text().split()
    assert len(pids) == 2
    assert pids[0] == str(os.getpid()) != pids[1]


def test_the_hash_of_a_log_sees_every_column_but_not_the_name():
    log = load(sources("1")[0])
    assert log_column_hash(log) == log_column_hash(log.named("other"))
    columns = {"card_id": log.card_id, "review_time_ms": log.review_time_ms, "rating": log.rating}
    for name, values in {
        "card_id": log.card_id + 1,
        "review_time_ms": log.review_time_ms + 1000,
        "rating": 5 - log.rating,
        "state": np.zeros(len(log)),
        "duration_ms": np.full(len(log), 900),
        "note_id": log.card_id,
        "deck_id": log.card_id,
        "day_boundary": DayBoundary("UTC", 5),
        "time_of_day_known": False,
    }.items():
        changed = ReviewLog.from_columns(**(columns | {name: values}))
        assert log_column_hash(changed) != log_column_hash(log), name
