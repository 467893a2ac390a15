import json

import pytest

from recollect.recall.defaults import load_defaults
from recollect.recall.fitting import LearnerFit


def test_the_fit_is_shown_beside_the_defaults_and_written(run, log_csv, small_log, tmp_path):
    result = run("fit", log_csv, "--out", "new/params.json", "--all")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"Learner simulated: {len(small_log):,} reviews\nLog loss ")
    assert "Wrote the parameters to new/params.json" in result.stderr
    fitted = LearnerFit.load(tmp_path / "new" / "params.json", load_defaults())
    assert fitted.loss_after <= fitted.loss_before
    lines = result.stdout.splitlines()
    shown = {line.split()[0] for line in lines if line and not line.startswith(" ")}
    assert set(fitted.named()) <= shown


def test_the_parameters_that_moved_most_are_shown(run, log_csv):
    document = json.loads(run("fit", log_csv, "--json", "-q").stdout)["parameters"]
    moved = {
        name: abs(item["value"] - item["default"]) / item["standard_error"]
        for name, item in document.items()
    }
    lines = run("fit", log_csv, "-q").stdout.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("───")) + 1
    shown = [line.split()[0] for line in lines[start : start + 10]]
    assert shown == sorted(moved, key=lambda name: -moved[name])[:10]
    assert lines[start].split()[4] == f"{moved[shown[0]]:.1f}"
    assert lines[start + 10] == f"... and {len(moved) - 10} more that moved less"


def test_without_a_file_nothing_is_written(run, log_csv, tmp_path):
    result = run("fit", log_csv)
    assert result.exit_code == 0, result.output
    assert "Nothing is written; --out params.json keeps the parameters" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_json_holds_values_errors_and_defaults(run, log_csv):
    document = json.loads(run("fit", log_csv, "--json", "-q").stdout)
    assert document["learner"] == "simulated"
    assert document["defaults_held_out"] is False
    assert document["loss_after"] <= document["loss_before"]
    for value in document["parameters"].values():
        assert {"value", "standard_error", "default", "unit", "meaning"} <= set(value)
        assert value["standard_error"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.csv"], 1, "error: none.csv: no such file or folder"),
        (["{log}", "--out", "params.csv"], 2, "does not end in .json"),
        (["{log}", "--out", "{log}/params.json"], 1, "the folder cannot be made"),
        (["{log}", "--defaults", "none.json"], 1, "error: none.json: "),
        (["{log}", "--learner", "zoe"], 1, "no learner named 'zoe'"),
    ],
)
def test_bad_input_is_said_in_a_line(run, log_csv, arguments, code, message):
    result = run("fit", *(argument.format(log=log_csv) for argument in arguments))
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_an_empty_log_is_not_fitted(run, tmp_path):
    (tmp_path / "empty.csv").write_text("card_id,review_time,review_rating\n")
    result = run("fit", "empty.csv")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "error: empty.csv: there are no reviews in the log (0 rows read"
    )
