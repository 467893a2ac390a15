import json

import pytest

from recollect.recall.defaults import load_defaults


@pytest.mark.slow
def test_defaults_are_fitted_without_each_learner(run, class_csv, tmp_path):
    result = run("fit-defaults", class_csv, "--learners", "ann,bob", "--out", "new/d.json")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Fitted to 2 learners with ")
    assert load_defaults(tmp_path / "new" / "d.json").provenance
    evaluated = run(
        *("evaluate", class_csv, "--learners", "ann", "--models", "recollect", "--no-fit"),
        *("--defaults", "new/d.json", "--json", "-", "-q"),
    )
    assert json.loads(evaluated.stdout)["logs"][0]["defaults_held_out"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["{log}"], 2, "Missing option '--out'"),
        (["{log}", "--out", "d.txt"], 2, "does not end in .json"),
        (["none", "--out", "d.json"], 1, "error: none: no such file or folder"),
        (["{log}", "--out", "{log}/d.json"], 1, "the folder cannot be made"),
        (["{log}", "--out", "d.json", "--learners", "zoe"], 1, "no learner named 'zoe'"),
    ],
)
def test_bad_input_is_said_in_a_line(run, log_csv, arguments, code, message):
    result = run("fit-defaults", *(argument.format(log=log_csv) for argument in arguments))
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
