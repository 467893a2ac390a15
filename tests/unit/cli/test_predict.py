import csv
import json

import numpy as np
import pyarrow.parquet
import pytest

from recollect.cli._forecasts import forecast_rows
from recollect.reviews import ReviewLog, write_csv

NOW = ("--now", "last")
COLUMNS = [
    "card",
    "reviews",
    "lapses",
    "last_review",
    "recall_now",
    "recall_now_low",
    "recall_now_high",
    "recall_at",
    "recall_at_low",
    "recall_at_high",
    "days_to_90",
    "reason",
]


@pytest.fixture
def later(small_log):
    """A date ten days after the log's last review."""
    last = np.datetime64(int(small_log.review_time_ms[-1]), "ms")
    return str((last + np.timedelta64(10, "D")).astype("datetime64[D]"))


def test_every_card_has_a_recall_with_an_interval_and_a_reason(run, log_csv, small_log, later):
    result = run("predict", log_csv, *NOW, "--at", later, "--json", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert document["at"] == f"{later}T12:00:00+00:00"
    cards = document["cards"]
    assert [list(card) for card in cards] == [COLUMNS] * np.unique(small_log.card_id).size
    for card in cards:
        for when in ("now", "at"):
            low, recall, high = (card[f"recall_{when}{end}"] for end in ("_low", "", "_high"))
            assert 0 < low <= recall <= high < 1
        assert card["recall_at"] <= card["recall_now"] + 1e-9
        assert card["reason"]
        rows = small_log.card_id == int(card["card"])
        assert card["reviews"] == rows.sum()
        assert card["lapses"] == (~small_log.recalled[rows]).sum()
    recalls = [card["recall_at"] for card in cards]
    assert recalls == sorted(recalls)


def test_the_table_shows_the_cards_most_at_risk(run, log_csv, later):
    result = run("predict", log_csv, *NOW, "--at", later)
    assert result.exit_code == 0, result.output
    assert f" and at {later} 12:00\n" in result.stdout
    assert "(--limit 0 shows all)" in result.stdout
    header = next(line for line in result.stdout.splitlines() if "card" in line and "why" in line)
    assert "now" in header


def test_the_limit_holds_for_text_and_json(run, log_csv):
    result = run("predict", log_csv, *NOW, "--limit", "3", "--json")
    assert len(json.loads(result.stdout)["cards"]) == 3
    result = run("predict", log_csv, *NOW, "--limit", "0")
    assert "more cards" not in result.stdout


@pytest.mark.parametrize("name", ["f.csv", "f.parquet", "f.json"])
def test_files_hold_all_cards(run, log_csv, small_log, tmp_path, name):
    result = run("predict", log_csv, *NOW, "--limit", "1", "--out", f"new/{name}")
    assert result.exit_code == 0, result.output
    path = tmp_path / "new" / name
    if name.endswith("csv"):
        rows = list(csv.DictReader(path.read_text().splitlines()))
    elif name.endswith("json"):
        rows = json.loads(path.read_text())["cards"]
    else:
        rows = pyarrow.parquet.read_table(path).to_pylist()
    assert list(rows[0]) == COLUMNS
    assert len(rows) == np.unique(small_log.card_id).size
    assert list(path.parent.iterdir()) == [path]


def test_the_same_command_writes_the_same_file(run, log_csv, tmp_path):
    for name in ("a.csv", "b.csv"):
        assert run("predict", log_csv, *NOW, "--out", name, "-q").exit_code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_fitted_parameters_are_used(run, log_csv):
    assert run("fit", log_csv, "--out", "params.json", "-q").exit_code == 0
    shared = json.loads(run("predict", log_csv, *NOW, "--json").stdout)
    own = json.loads(run("predict", log_csv, *NOW, "--json", "--params", "params.json").stdout)
    assert (own["params"], own["defaults"]) == ("params.json", "shipped")
    assert (shared["params"], shared["defaults"]) == (None, "shipped")
    assert [card["recall_at"] for card in own["cards"]] != [
        card["recall_at"] for card in shared["cards"]
    ]


def test_one_of_several_learners_is_chosen(run, class_csv):
    result = run("predict", class_csv, *NOW)
    assert result.exit_code == 1
    assert "name one of ann, bob, new" in result.stderr
    result = run("predict", class_csv, *NOW, "--learner", "bob", "--json")
    assert json.loads(result.stdout)["learner"] == "bob"


def test_cards_keep_their_names(run, tmp_path):
    log = ReviewLog.from_columns(
        [0, 1, 0, 1],
        np.arange(4) * 86_400_000 + 1_700_000_000_000,
        [3, 1, 3, 3],
        card_names=("der Hund", "die Katze"),
    )
    write_csv(log, tmp_path / "named.csv")
    result = run("predict", "named.csv", *NOW, "--json", "--sort", "card")
    assert [card["card"] for card in json.loads(result.stdout)["cards"]] == [
        "der Hund",
        "die Katze",
    ]


class Forecast:
    """Three cards, as a model would forecast them."""

    card_id = np.array([3, 1, 2])
    reviews = lapses = np.array([1, 1, 1])
    last_review_ms = np.array([30, 20, 10])
    recall_now = recall_now_low = recall_now_high = np.array([0.5, 0.4, 0.5])
    recall_at = recall_at_low = recall_at_high = np.array([0.2, 0.3, 0.2])
    days_to_90 = np.array([1.0, 2.0, np.inf])
    reasons = ("a", "b", "c")


@pytest.mark.parametrize(
    ("sort", "order"),
    [("recall", "231"), ("now", "123"), ("last-review", "213"), ("card", "123")],
)
def test_rows_are_in_the_wanted_order(small_log, sort, order):
    rows = forecast_rows(small_log, Forecast(), sort)
    assert "".join(row.card for row in rows) == order


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.csv"], 1, "error: none.csv: no such file or folder"),
        (["{log}", "--at", "soon"], 2, "'soon' is no date or time"),
        (["{log}", *NOW, "--at", "2000-01-01"], 2, "is before now"),
        (["{log}", "--now", "2000-01-01"], 2, "the log's last review is at"),
        (["{log}", *NOW, "--out", "cards.txt"], 2, "does not end in .csv or .parquet or .json"),
        (["{log}", *NOW, "--out", "{log}"], 2, "is also read"),
        (["{log}", *NOW, "--out", "{log}/a.csv"], 1, "the folder cannot be made"),
        (["{log}", *NOW, "--params", "none.json"], 1, "error: none.json: "),
        (["{log}", *NOW, "--defaults", "none.json"], 1, "error: none.json: "),
        (["{log}", *NOW, "--sort", "luck"], 2, "'luck' is not one of"),
        (["{log}", *NOW, "--learner", "zoe"], 1, "no learner named 'zoe'"),
    ],
)
def test_bad_input_is_said_in_a_line(run, log_csv, arguments, code, message):
    result = run("predict", *(argument.format(log=log_csv) for argument in arguments))
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_a_missing_extra_is_named_before_any_work(run, log_csv, without, tmp_path):
    without("pyarrow")
    result = run("predict", log_csv, *NOW, "--out", "new/a.parquet")
    assert result.exit_code == 1
    assert "pip install 'recollect[parquet]'" in result.stderr
    assert list(tmp_path.iterdir()) == []
