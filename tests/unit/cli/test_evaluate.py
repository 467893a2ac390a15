import csv
import json

import pytest

from recollect.cli import evaluate as module
from recollect.recall.comparison import to_json
from recollect.recall.predictions import read_predictions, scores_of

FAST = ("--models", "moving-average,average", "-q")


def test_one_learner_gets_one_table(run, log_csv):
    result = run("evaluate", log_csv, *FAST)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("1 learner, ")
    assert lines[1] == "5 splits in time; time zone UTC, days begin at 4:00"
    assert lines[3].startswith("Learner simulated, who recalled ")
    rows = {line.split()[0]: line.split()[1:] for line in lines[7:9]}
    assert set(rows) == {"average", "moving-average"}
    assert rows["moving-average"][1] == "1.000"  # the reference beside itself
    ratio = float(rows["average"][0]) / float(rows["moving-average"][0])
    assert float(rows["average"][1]) == pytest.approx(ratio, abs=0.001)


def test_several_learners_get_means_and_comparisons(run, class_csv):
    result = run("evaluate", class_csv, "--workers", "0", *FAST)
    assert result.exit_code == 0
    assert result.stdout.startswith("2 learners, ")
    for text in (
        "\nLog loss of every learner\n",
        "\nann ",
        "\nbob ",
        "\nMeans over learners, with 95 % intervals of the log loss\n",
        "\nLog loss against moving-average, learner by learner\n",
        " of 2\n",
        "\nLearner new is left out: learner new: ",
    ):
        assert text in result.stdout


def test_the_json_holds_every_figure(run, class_csv):
    result = run("evaluate", class_csv, "--json", "-", "--workers", "0", *FAST)
    document = json.loads(result.stdout)
    assert document["command"] == "evaluate"
    assert document["reference"] == "p_moving_average"
    assert document["options"]["splits"] == 5
    assert document["options"]["time_zone"] == "UTC"
    assert list(document["scores"]) == ["ann", "bob"]
    assert [item["learner"] for item in document["left_out"]] == ["new"]
    losses = [row["p_average"]["log_loss"] for row in document["scores"].values()]
    mean = next(m for m in document["means"]["log_loss"] if m["model"] == "p_average")
    assert mean["plain"]["mean"] == pytest.approx(sum(losses) / 2)
    assert document["comparisons"]["log_loss"][0]["learners"] == 2
    assert [log["learner"] for log in document["logs"]] == ["ann", "bob", "new"]
    assert all(log["read"]["rows_kept"] == log["reviews"] for log in document["logs"])


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_predictions_give_every_figure_back(run, log_csv, tmp_path, name):
    result = run("evaluate", log_csv, "--predictions", f"new/{name}", "--json", "f.json", *FAST)
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "f.json").read_text())["scores"]
    assert to_json(scores_of(read_predictions(tmp_path / "new" / name).values())) == figures


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_predictions_name_cards_as_the_log_does(run, log_csv, tmp_path, name):
    rows = list(csv.DictReader(log_csv.read_text().splitlines()))
    with (tmp_path / "words.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"card_id": f"word {row['card_id']}"} for row in rows)
    result = run("evaluate", "words.csv", log_csv, "--predictions", name, "--workers", "0", *FAST)
    assert result.exit_code == 0, result.output
    tables = read_predictions(tmp_path / name)
    numbers = tables["simulated"].card_id.astype(str).tolist()
    assert tables["words"].card_id.tolist() == [f"word {card}" for card in numbers]
    times = {row["review_time"] for row in rows}
    assert set(tables["words"].review_time_ms.astype(str)) <= times


def test_a_log_without_reviews_says_so(run, tmp_path):
    (tmp_path / "empty.csv").write_text("card_id,review_time,review_rating\n")
    result = run("evaluate", "empty.csv", *FAST)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: learner empty: there are no reviews in the log\n"


def test_pictures_are_drawn(run, log_csv, tmp_path):
    result = run("evaluate", log_csv, "--plots", "p", "--models", "half-life,average")
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / "p").iterdir()}
    assert names == {"calibration.png", "learners.png", "forgetting.png"}
    assert all(f"Drew p/{name}" in result.stderr for name in names)


def test_a_second_run_takes_up_what_is_there(run, log_csv):
    arguments = ("evaluate", log_csv, "--work-folder", "work", *FAST)
    assert "earlier run" not in run(*arguments).stdout
    assert "2 of 2 predictions were there from an earlier run." in run(*arguments).stdout
    more = ("evaluate", log_csv, "--work-folder", "work", "--models", "average,half-life")
    result = run(*more)
    assert "1 of 2 predictions were there from an earlier run." in result.stdout
    assert "Predictions are kept in work\n" in result.stderr


def test_an_interrupt_says_how_to_go_on(run, log_csv, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_evaluate", stop)
    result = run("evaluate", log_csv, "--work-folder", "work", "--models", "average")
    assert result.exit_code == 130
    assert (
        "Models that were finished for a learner are kept in work; give the same command again"
        in result.stderr
    )


def test_same_day_reviews_are_scored_when_asked_for(run, log_csv):
    day = json.loads(run("evaluate", log_csv, "--json", "-", *FAST).stdout)
    same = json.loads(run("evaluate", log_csv, "--json", "-", "--same-day", *FAST).stdout)
    scored = [d["scores"]["simulated"]["p_average"]["scored"] for d in (day, same)]
    assert scored[0] < scored[1]


def test_the_day_is_the_learners(run, log_csv):
    result = run("evaluate", log_csv, "--time-zone", "Asia/Tokyo", "--rollover-hour", "0", *FAST)
    assert "time zone Asia/Tokyo, days begin at 0:00" in result.stdout


def test_rows_left_out_are_counted(run, tmp_path, log_csv):
    path = tmp_path / "bad.csv"
    rows = list(csv.reader(log_csv.read_text().splitlines()))
    at = rows[0].index("review_rating")
    rows[3][at], rows[7][at] = "7", "x"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    result = run("evaluate", path, *FAST)
    assert result.exit_code == 1
    assert f"error: {path}, row 4, column review_rating: expected" in result.stderr
    result = run("evaluate", path, "--skip-bad-rows", *FAST)
    assert result.exit_code == 0
    assert "left out: 2 bad row" in result.stderr
    assert f"Rows read: {len(rows) - 1:,}; left out: 2." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "error: none.csv: no such file or folder\n"),
        (["{log}", "--models", "sm-17"], "error: no model named 'sm-17'; there are: "),
        (["{log}", "--learners", "zoe"], "error: no learner named 'zoe'; there are: simulated\n"),
        (["{log}", "--splits", "5000"], "error: learner simulated: "),
        (["{log}", "--json", "{log}/f.json"], "the folder cannot be made"),
        (["{log}", "{log}"], "error: learner {log} appears more than once"),
    ],
)
def test_failures_are_one_line(run, log_csv, arguments, message):
    filled = [argument.format(log=log_csv) for argument in arguments]
    models = [] if "--models" in filled else ["--models", "average"]
    result = run("evaluate", *filled, "-q", *models)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message.format(log=log_csv) in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'LOG...'"),
        (["{log}", "--same-day", "--drop-outliers"], "does not go with --same-day"),
        (["{log}", "--json", "figures.txt"], "does not end in .json"),
        (["{log}", "--predictions", "{log}"], "is also read"),
        (["{log}", "--plots", "{log}"], "is not a folder"),
        (["{log}", "--work-folder", "{log}"], "is not a folder"),
        (["{log}", "--time-zone", "Mars/Phobos"], "use an IANA name"),
        (["{log}", "--rollover-hour", "24"], "24 is not in the range"),
        (["{log}", "--splits", "0"], "0 is not in the range"),
        (["{log}", "--models", ","], "expected names separated by commas"),
        (["{log}", "--reference", "fsrs-7", "--models", "average"], "not among the predictions"),
    ],
)
def test_wrong_usage_ends_before_any_work(run, log_csv, arguments, message, tmp_path):
    result = run("evaluate", *(argument.format(log=log_csv) for argument in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module_name", "arguments", "extra"),
    [
        ("pyarrow", ["--predictions", "p.parquet"], "parquet"),
        ("matplotlib", ["--plots", "p"], "plots"),
        ("fsrs_rs_python", ["--models", "fsrs-6"], "fsrs"),
    ],
)
def test_a_missing_extra_is_named(run, log_csv, without, module_name, arguments, extra):
    without(module_name)
    models = [] if "--models" in arguments else ["--models", "average"]
    result = run("evaluate", log_csv, *arguments, *models, "-q")
    assert result.exit_code == 1
    assert f"pip install 'recollect[{extra}]'" in result.stderr


def test_there_is_a_process_for_every_learner_and_processor(monkeypatch):
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert [module._processes(learners) for learners in (1, 3, 100)] == [0, 3, 4]
    monkeypatch.delattr(module.os, "sched_getaffinity")
    monkeypatch.setattr(module.os, "cpu_count", lambda: None)
    assert module._processes(5) == 1


def test_recollect_is_evaluated_with_its_defaults(run, log_csv):
    result = run("evaluate", log_csv, "--models", "recollect", "--no-fit", "--json", "-", "-q")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert list(document["scores"]["simulated"]) == ["p_recollect_instant", "p_recollect_curve"]
    assert document["models"][0]["options"]["fit"] == "false"
    assert document["logs"][0]["defaults_held_out"] is False


def test_defaults_that_are_none_are_an_error(run, log_csv, tmp_path):
    (tmp_path / "d.json").write_text("no json")
    result = run("evaluate", log_csv, "--models", "recollect", "--defaults", "d.json", "-q")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: d.json: ")
    assert result.stderr.count("\n") == 1
