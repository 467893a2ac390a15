import json

import pytest

from recollect.recall.defaults import load_defaults
from recollect.reviews import write_csv


@pytest.mark.slow
def test_defaults_are_fitted_and_held_out(run, small_log, tmp_path):
    names = ("ann", "bob", "cem", "eve")
    logs = [small_log.select(small_log.card_id % 4 == at) for at in range(4)]
    path = tmp_path / "class.csv"
    write_csv([log.named(name) for name, log in zip(names, logs, strict=True)], path)
    result = run("fit-defaults", path, "--learners", "ann,bob,cem", "--out", "new/d.json", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["provenance"]["learners"] == 3
    fitted = load_defaults(tmp_path / "new" / "d.json")
    assert [fitted.held_out_for(log) for log in logs] == [True, True, True, False]
    evaluated = run(
        *("evaluate", path, "--learners", "ann,eve", "--models", "recollect", "--no-fit"),
        *("--defaults", "new/d.json", "--json", "-", "-q", "--workers", "0"),
    )
    held_out = [log["defaults_held_out"] for log in json.loads(evaluated.stdout)["logs"]]
    assert held_out == [True, False]


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
