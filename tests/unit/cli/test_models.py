import click
import pytest

from recollect.cli._models import USUAL_MODELS, column_name, model_specs, reference_column
from recollect.cli._session import Session
from recollect.errors import ParameterError, UnknownNameError
from recollect.recall.models import MODEL_NAMES


def _names(specs):
    return [spec.name for spec in specs]


def test_the_usual_models_are_run_when_none_is_named():
    assert _names(model_specs((), None, True, Session())) == list(USUAL_MODELS)


def test_all_models_are_run_when_asked_for():
    assert _names(model_specs(("all",), None, True, Session())) == list(MODEL_NAMES)


def test_named_models_are_run_in_their_order():
    specs = model_specs(("average", "fsrs-7"), None, True, Session())
    assert _names(specs) == ["average", "fsrs-7"]
    assert all(not spec.options for spec in specs)


def test_an_unknown_model_is_named_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="no model named 'sm-17'; there are: "):
        model_specs(("average", "sm-17"), None, True, Session())


@pytest.mark.parametrize("names", [(), ("all",)])
def test_without_the_extra_the_model_is_left_out_with_a_note(without, capsys, names):
    without("fsrs_rs_python")
    assert "fsrs-6" not in _names(model_specs(names, None, True, Session()))
    assert "pip install 'recollect[fsrs]'" in capsys.readouterr().err


def test_without_the_extra_a_named_model_stays_for_the_error_to_come(without):
    without("fsrs_rs_python")
    assert _names(model_specs(("fsrs-6",), None, True, Session())) == ["fsrs-6"]


def test_recollect_is_told_of_defaults_and_fit(tmp_path):
    (spec,) = model_specs(("recollect",), None, False, Session())
    assert (spec.options, spec.version) == ({"defaults": "", "fit": "false"}, "")
    path = tmp_path / "defaults.json"
    path.write_text("one")
    (first,) = model_specs(("recollect",), path, True, Session())
    assert first.options == {"defaults": str(path), "fit": "true"}
    path.write_text("two")
    (second,) = model_specs(("recollect",), path, True, Session())
    assert first.version != second.version


def test_defaults_that_are_not_there_are_a_parameter_error(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read"):
        model_specs(("recollect",), tmp_path / "none.json", True, Session())


COLUMNS = ["p_recollect_instant", "p_recollect_curve", "p_moving_average", "p_fsrs_6"]


def test_columns_are_named_as_models_are():
    assert column_name("p_fsrs_7_recency") == "fsrs-7-recency"


@pytest.mark.parametrize(
    ("reference", "columns", "column"),
    [
        (None, COLUMNS, "p_fsrs_6"),
        (None, COLUMNS[:3], "p_moving_average"),
        (None, COLUMNS[:2], "p_recollect_curve"),
        (None, COLUMNS[:1], None),
        ("moving-average", COLUMNS, "p_moving_average"),
        ("recollect-curve", COLUMNS, "p_recollect_curve"),
        ("p_fsrs_6", COLUMNS, "p_fsrs_6"),
    ],
)
def test_the_reference_is_the_named_one_or_the_usual_one(reference, columns, column):
    assert reference_column(reference, columns) == column


def test_a_reference_that_is_not_run_is_wrong_usage():
    with pytest.raises(click.BadParameter, match="is not among the predictions: recollect-inst"):
        reference_column("average", COLUMNS)
