import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recollect.cli._evaluation_pictures import implied_strength_days
from recollect.cli._evaluation_report import evaluation_report
from recollect.cli._evaluation_text import print_evaluation
from recollect.cli._options import ReadingOptions
from recollect.errors import NotEnoughDataError
from recollect.recall.evaluation import (
    Evaluation,
    LearnerFailure,
    LearnerResult,
    ModelSpec,
)
from recollect.recall.metrics import Scores
from recollect.recall.protocol import ScoringOptions

GOOD, BAD = "p_recollect_curve", "p_fsrs_7_recency"


def _scores(log_loss):
    return Scores(100, 0.8, log_loss, 0.05, 0.7, 0.1, 0.02, 1.1, 0.0)


def _result(learner, good, bad):
    scores = {GOOD: _scores(good), BAD: _scores(bad)}
    return LearnerResult(learner, 100, scores, {"m": 1.0}, (), ())


def _evaluation(results, failures=()):
    return Evaluation(
        ScoringOptions(), (ModelSpec("m"),), tuple(results), tuple(failures), Path("work")
    )


def _report(evaluation, held_out=None):
    return evaluation_report(
        evaluation, (), ReadingOptions(), held_out=held_out, reference=BAD, seed=0
    )


def test_text_ranks_the_models_and_counts_the_wins(capsys):
    results = [_result(str(n), 0.3, 0.4) for n in range(11)] + [_result("last", 0.5, 0.4)]
    print_evaluation(_report(_evaluation(results)))
    text = capsys.readouterr().out
    assert text.startswith("12 learners, 1,200 scored reviews (on a later study day than ")
    means = text[text.index("Means over learners") :].splitlines()
    assert means[4].split()[0] == "recollect-curve"
    assert means[5].split()[:2] == ["fsrs-7-recency", "0.4000"]
    comparison = text[text.index("Log loss against fsrs-7-recency") :].splitlines()
    assert comparison[4].split()[:2] == ["recollect-curve", f"{(11 * 0.75 + 1.25) / 12:.3f}"]
    assert comparison[4].endswith("11 of 12")


def test_very_many_learners_are_not_all_printed(capsys):
    results = [_result(str(n), 0.3, 0.4) for n in range(45)]
    print_evaluation(_report(_evaluation(results)))
    text = capsys.readouterr().out
    assert "\n39 " in text
    assert "\n40 " not in text
    assert "... and 5 more learners (--json has all)" in text


@pytest.mark.parametrize(
    ("held_out", "text"),
    [
        (None, ""),
        ([], "No learner had a part in the fit of Recollect's shared defaults."),
        (["a"], "were fitted without the learner for the 1 of 0 who had a part in them."),
    ],
)
def test_it_is_said_whose_defaults_were_used(capsys, held_out, text):
    print_evaluation(_report(_evaluation([_result("a", 0.3, 0.4)]), held_out))
    printed = capsys.readouterr().out
    assert (text in printed) if text else ("shared defaults" not in printed)


def test_figures_that_are_not_defined_are_dashes(capsys):
    result = _result("a", 0.3, 0.4)
    undefined = {name: replace(s, auc=math.nan) for name, s in result.scores.items()}
    report = _report(_evaluation([replace(result, scores=undefined)]))
    print_evaluation(report)
    assert " – " in capsys.readouterr().out


def test_without_a_scored_learner_the_reason_is_the_error():
    failures = [LearnerFailure("a", "too short", ""), LearnerFailure("b", "too short", "")]
    with pytest.raises(NotEnoughDataError, match=r"^too short$"):
        _report(_evaluation([], failures))
    with pytest.raises(NotEnoughDataError, match=r"^too short \(and 1 other reasons\)$"):
        _report(_evaluation([], [*failures, LearnerFailure("c", "lost", "")]))
    with pytest.raises(NotEnoughDataError, match="no learner to evaluate"):
        _report(_evaluation([]))


def test_strength_is_implied_by_a_curve():
    # Exponential forgetting with 90 % after 7 days is at 0.9^2 after 14.
    days = implied_strength_days(np.array([7.0, 14.0, 3.5]), np.array([0.9, 0.81, 0.9**0.5]))
    assert days == pytest.approx([7.0, 7.0, 7.0])
    extreme = implied_strength_days(np.array([1.0, 1.0]), np.array([0.0, 1.0]))
    assert np.all((extreme > 0) & np.isfinite(extreme))
