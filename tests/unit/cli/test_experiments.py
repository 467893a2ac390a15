import json

import pytest

from recollect.experiments import NAMES, experiment
from recollect.experiments.protocol import results
from recollect.experiments.protocol.verdict import judge

NAME = "context-dependence"


def test_the_list_names_every_experiment(run):
    result = run("experiments", "list")
    assert result.exit_code == 0, result.output
    assert [name for name in NAMES if f"  {name} " not in result.stdout] == []
    document = json.loads(run("experiments", "list", "--json").stdout)
    assert [row["name"] for row in document["experiments"]] == list(NAMES)
    assert all(row["claim"] for row in document["experiments"])


def test_one_is_told_about(run):
    text = run("experiments", "show", NAME).stdout
    assert "what must come out" in text
    assert f"recollect experiments run {NAME}" in text
    about = json.loads(run("experiments", "show", NAME, "--json").stdout)
    assert about["experiment"] == NAME
    assert about["expected"]


def test_a_run_writes_numbers_and_a_picture_and_is_not_run_twice(run, tmp_path):
    first = run("experiments", "run", NAME, "--workers", "0", "--out", tmp_path, "--json")
    assert first.exit_code == 0, first.output
    (result,) = json.loads(first.stdout)["results"]
    own = tmp_path / NAME
    stored = json.loads((own / "result.json").read_text())
    assert {key: result[key] for key in stored} == stored
    for key in ("claim", "source", "verdict", "seeds", "seconds", "expected"):
        assert key in stored
    assert (own / "figure.png").stat().st_size > 5_000
    before = (own / "result.json").stat().st_mtime_ns
    again = run("experiments", "run", NAME, "--workers", "0", "--out", tmp_path)
    assert again.exit_code == 0
    assert "1 of 1 were run before" in again.stderr
    assert (own / "result.json").stat().st_mtime_ns == before
    fresh = run("experiments", "run", NAME, "--workers", "0", "--out", tmp_path, "--fresh")
    assert fresh.exit_code == 0
    assert (own / "result.json").stat().st_mtime_ns != before


def test_the_text_shows_published_and_found(run, tmp_path):
    result = run("experiments", "run", NAME, "--quick", "--workers", "0", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    for words in ("published", "agrees if", "found", "R²", "quick settings"):
        assert words in result.stdout
    assert (tmp_path / "quick" / NAME / "result.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("run", "nothing"), 1, "no experiment named 'nothing'"),
        (("show", "nothing"), 1, "no experiment named 'nothing'"),
        (("run",), 2, "NAME"),
        (("run", NAME, "--seeds", "0"), 2, "--seeds"),
        (("run", NAME, "--data", "no-such-folder"), 2, "is not a folder"),
        (("report", "--out", "report.pdf"), 2, ".html"),
    ],
)
def test_wrong_usage_is_one_clear_line(run, arguments, code, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("experiments", *arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_results_do_not_go_into_a_file(run, tmp_path):
    (tmp_path / "file").write_text("kept")
    result = run("experiments", "run", NAME, "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_without_any_data_set_is_told(run, tmp_path):
    (tmp_path / "data").mkdir()
    result = run(
        "experiments", "run", "forgetting-curves", "--quick", "--workers", "0",
        "--data", tmp_path / "data", "--out", tmp_path / "out",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "has none of the folders that are read: ebbinghaus_murre_dros" in result.stderr


def test_a_picture_that_cannot_be_drawn_takes_no_other_experiment_along(run, tmp_path, monkeypatch):
    def write(finished, recipe, folder):
        if finished.plan.experiment.name == NAME:
            raise ValueError("no axes")
        return as_written(finished, recipe, folder)

    as_written = results.write_result
    monkeypatch.setattr(results, "write_result", write)
    names = (NAME, "savings")
    ran = run("experiments", "run", *names, "--quick", "--workers", "0", "--out", tmp_path)
    assert ran.exit_code == 1
    assert f"{NAME} failed: ValueError: no axes" in ran.stderr
    assert (tmp_path / "quick" / "savings" / "result.json").exists()


def test_one_of_two_sets_of_pictures_is_no_published_protocol(tmp_path):
    recovery = experiment("recovery")
    assert all(
        judge(each, [0.0], frozenset({only})).held is None
        for each in recovery.expected
        if each.only_with
        for only in recovery.data
    )
