"""The recall model as a model among others: its columns, its names, and tiny tasks."""

import numpy as np
import pytest

from recollect.errors import UnknownNameError
from recollect.recall.defaults import load_defaults
from recollect.recall.evaluation import ModelSpec
from recollect.recall.models import MODEL_NAMES, build_model
from recollect.recall.protocol import scoring_task
from recollect.recall.recollect_model import RecollectModel
from recollect.recall.task import RecallModel
from recollect.reviews import ReviewLog
from recollect.sample import load_sample


@pytest.fixture(scope="module")
def defaults():
    return load_defaults()


@pytest.fixture(scope="module")
def log():
    log = load_sample().log
    return log.select(np.flatnonzero(log.review_index < 8)[:500])


@pytest.mark.parametrize("same_day", [False, True])
@pytest.mark.parametrize("options", [{"fit": False}, {"fit": False, "strict": True}, {}])
def test_one_probability_a_scored_row_in_each_column(defaults, log, same_day, options):
    model = RecollectModel(defaults, **options)
    assert isinstance(model, RecallModel)
    task = scoring_task(log, same_day=same_day, splits=2)
    found = model.predict(task)
    assert tuple(found) == model.columns
    for column in found.values():
        assert column.shape == task.scored_rows.shape
        assert np.all((column > 0) & (column < 1))


def test_the_smallest_task_there_is(defaults):
    day = 86_400_000
    log = ReviewLog.from_columns([1, 1, 1], [0, day, 2 * day], [3, 3, 1])
    found = RecollectModel(defaults, fit=True).predict(scoring_task(log, splits=1))
    assert all(column.shape == (1,) and 0 < column[0] < 1 for column in found.values())


def test_it_is_found_by_its_name():
    assert MODEL_NAMES[0] == "recollect"
    model = build_model(ModelSpec("recollect", {"fit": "false", "strict": "true"}))
    assert isinstance(model, RecollectModel)
    assert (model.fit, model.strict) == (False, True)
    with pytest.raises(UnknownNameError, match="recollect"):
        build_model(ModelSpec("astrology", {}))
